"""The credentials of a COPY or an UNLOAD: their clauses, which are the same in both."""

from __future__ import annotations

from dao_redshift.testing._bulk._words import Words
from dao_redshift.testing._statements import RedshiftError

__all__ = ["check_credentials", "take_credentials"]

_KEYS = ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN")
_IN_CREDENTIALS = {
    "aws_iam_role": "IAM_ROLE",
    "aws_access_key_id": "ACCESS_KEY_ID",
    "aws_secret_access_key": "SECRET_ACCESS_KEY",
    "token": "SESSION_TOKEN",
    "master_symmetric_key": "MASTER_SYMMETRIC_KEY",
}


def take_credentials(words: Words, found: dict[str, str]) -> bool:
    """Take a clause with credentials, if one is next, into `found`.

    Raises:
        RedshiftError: the clause is wrong.
    """
    words.accept("WITH")
    if words.accept("IAM_ROLE"):
        words.accept("AS")
        if words.accept("DEFAULT"):
            found["IAM_ROLE"] = "default"
            return True
        roles = [words.string("the ARN of a role, or default")]
        while words.accept(","):  # a chain of roles
            roles.append(words.string("the ARN of a role"))
        found["IAM_ROLE"] = ",".join(roles)
        return True
    if words.accept("CREDENTIALS"):
        for part in words.string("credentials").split(";"):
            name, _, value = part.partition("=")
            if name.strip() not in _IN_CREDENTIALS:
                raise RedshiftError(
                    "Invalid credentials. Must be of the format: credentials "
                    "'aws_iam_role=...' or 'aws_access_key_id=...;aws_secret_access_key=...'",
                    "XX000",
                )
            found[_IN_CREDENTIALS[name.strip()]] = value.strip()
        return True
    for name in _KEYS:
        if words.accept(name):
            found[name] = words.string(name)
            return True
    return False


def check_credentials(found: dict[str, str]) -> None:
    """Check that there are credentials, of one kind.

    Raises:
        RedshiftError: there are none, two kinds, or half of them.
    """
    if "MASTER_SYMMETRIC_KEY" in found:
        raise RedshiftError("Client-side encryption (MASTER_SYMMETRIC_KEY) is not supported by this gateway")
    keys = [name for name in _KEYS if name in found]
    if not found:
        raise RedshiftError(
            "CREDENTIALS argument is required: give IAM_ROLE, or ACCESS_KEY_ID and SECRET_ACCESS_KEY", "42601"
        )
    if "IAM_ROLE" in found and keys:
        raise RedshiftError("IAM_ROLE can't be used with ACCESS_KEY_ID, SECRET_ACCESS_KEY or SESSION_TOKEN", "42601")
    if keys and not {"ACCESS_KEY_ID", "SECRET_ACCESS_KEY"} <= set(keys):
        raise RedshiftError("ACCESS_KEY_ID and SECRET_ACCESS_KEY must be given together", "42601")
