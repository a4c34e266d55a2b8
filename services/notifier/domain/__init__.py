"""The notifier's domain: rules for notices, recipients, wording, action links and their pages."""
