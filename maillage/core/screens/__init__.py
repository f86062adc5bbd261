"""What every page is made of: who may open it, lists, forms, fields, links that lead nowhere."""
