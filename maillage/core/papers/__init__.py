"""What leaves as a file: PDF by Typst, spreadsheets, QR codes, French typography."""
