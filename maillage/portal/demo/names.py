"""Names of nobody, for the demonstration."""

GIVEN_NAMES = (
    "Adèle Agathe Alban Aline Anaïs Antonin Arnaud Aurore Bastien Béatrice Benoît Blanche Bruno Camille "
    "Capucine Cécile Céleste Clément Colette Corentin Damien Delphine Diane Édouard Elsa Émile Estelle "
    "Étienne Fabien Fanny Félix Flora Florent Gaëlle Gaspard Hélène Henri Inès Irène Jeanne Joël Jonas "
    "Judith Karim Laure Léonie Lionel Lucie Maël Maïa Margaux Mathis Maud Nadège Noé Odile Olivia Pascal "
    "Perrine Quentin Rachel Rémi Rose Sacha Salomé Serge Solène Sylvain Tania Théo Tristan Valentin "
    "Violette Yanis Zélie"
).split()
FAMILY_NAMES = (
    "Abadie-Rouge Bastidel Bellecombe Bourgnac Brassacot Cadouinas Chantegrel Clairvive Combenègre "
    "Couzelat Delbreil Escornac Faurissac Fontclose Garrigal Grandcoing Issigeol Jaubertin Labatude "
    "Lacombelle Lagrezat Lalindois Lanquaisse Maurensal Meyralou Monbazin Monsacot Nadaillac-Roy "
    "Pécharmont Pontourgues Queyssal Razacou Ribagnas Rouffigniol Saussignol Sigoulade Terrassonne "
    "Tourliac Vergnolle Vézéral"
).split()
