"""The actions as the interface offers them: arguments are checked here."""
