"""Microsoft Teams: connector.py is the only importer of botbuilder."""
