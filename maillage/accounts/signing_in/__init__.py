"""Who is at the keyboard: sign-in, sessions held back, fresh proofs, devices, the identity provider."""
