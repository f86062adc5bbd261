"""What comes from outside is read apart: by a process that has little memory, little time, and nothing to take.

`reading` is for the product, which asks; everything else here runs in that process and imports no Django.
"""
