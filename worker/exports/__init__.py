"""What is taken out of the console for other programs: spreadsheets and calendars."""
