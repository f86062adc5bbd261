"""What a machine that burns does not take: one encrypted archive of the database and the files, and the way back.

An archive is a gzipped tar inside an age file (docs/ops/backup.md): it is opened without this product too, by
`age -d -i KEY maillage-….tar.gz.age | tar xz`. Keys of the instance are never in it, only their fingerprints.
"""
