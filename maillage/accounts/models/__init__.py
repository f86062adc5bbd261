"""Accounts: who signs in, their sessions, the roles they hold, and what proves which professional they are."""

from maillage.accounts.models.account import (
    CPTS_ROLES,
    TERRITORY_ROLES,
    AccountKind,
    Invitation,
    Role,
    RoleAssignment,
    RoleAssignmentQuerySet,
    User,
    UserManager,
)
from maillage.accounts.models.identity import LinkedIdentity, LinkedIdentityQuerySet
from maillage.accounts.models.proof import (
    PROOF_IN_FORCE,
    DisputeOutcome,
    NumberDispute,
    NumberProof,
    ProofCode,
    ProofMeans,
)
from maillage.accounts.models.recovery import AccountRecovery, AddressChange
from maillage.accounts.models.session import Session

__all__ = [
    "CPTS_ROLES",
    "PROOF_IN_FORCE",
    "TERRITORY_ROLES",
    "AccountKind",
    "AccountRecovery",
    "AddressChange",
    "DisputeOutcome",
    "Invitation",
    "LinkedIdentity",
    "LinkedIdentityQuerySet",
    "NumberDispute",
    "NumberProof",
    "ProofCode",
    "ProofMeans",
    "Role",
    "RoleAssignment",
    "RoleAssignmentQuerySet",
    "Session",
    "User",
    "UserManager",
]
