"""Slack: the only importers of slack_bolt and slack_sdk."""
