"""Assemblies: who may vote, for whom, on what; what was counted; statuts and règlement intérieur."""
