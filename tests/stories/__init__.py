"""Stories: leads through a whole running system."""
