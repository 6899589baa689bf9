"""The field itself: incidents, severities, cadences, people, the catalog, facts, apologies, relays."""
