"""The demo: a team, senders and reps around the real system; nothing else knows of it."""
