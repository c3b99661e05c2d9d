"""Connections of redshift_connector: the only place where they are made."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from attrs import define, field, frozen

from dao.errors import ConfigError, DaoError, PermissionDeniedError, StoreError
from dao.progress import ignored
from dao.secrets import Secret
from dao_redshift import _errors
from dao_redshift._options import RedshiftOptions
from dao_redshift._sql.texts import text

if TYPE_CHECKING:
    from collections.abc import Callable

    from redshift_connector import Connection

__all__ = ["Client", "Login", "close_refused", "close_socket"]

_APPLICATION = "dao"
_KEEPALIVE = {"tcp_keepalive": True, "tcp_keepalive_idle": 60, "tcp_keepalive_interval": 10, "tcp_keepalive_count": 6}


@frozen
class Login:
    """Where a connection goes, and as whom, from a secret of AWS Secrets Manager.

    Attributes:
        user: the user.
        password: the password.
        host: the endpoint's name; None if the secret has none.
        port: its port; None likewise.
        database: the database; None likewise.
    """

    user: str
    password: Secret
    host: str | None = None
    port: int | None = None
    database: str | None = None

    @staticmethod
    def of(content: str) -> Login:
        """A login from a secret's text, as RDS and Redshift write it: JSON.

        Raises:
            ConfigError: it is no such text. It isn't quoted.
        """
        try:
            found = json.loads(content)
            return Login(
                str(found["username"]),
                Secret(str(found["password"])),
                found.get("host"),
                int(found["port"]) if found.get("port") else None,
                found.get("dbname"),
            )
        except (ValueError, TypeError, KeyError, AttributeError):
            raise ConfigError("secret_id: expected JSON with 'username' and 'password' in it") from None


def close_refused(error: BaseException) -> None:
    """Close the socket of a connection that couldn't be made: the driver leaves it open, in its traceback alone."""
    from redshift_connector import Connection

    step = error.__traceback__
    while step is not None:
        made = step.tb_frame.f_locals.get("self")
        if isinstance(made, Connection):
            close_socket(made)
            return
        step = step.tb_next


def close_socket(connection: Connection) -> None:
    """Close a connection's socket and its buffers, whatever has become of the session."""
    for half in (getattr(connection, "_sock", None), getattr(connection, "_usock", None)):
        if half is not None:
            try:
                half.close()
            except (OSError, ValueError) as error:  # what wasn't sent is of no use any more
                ignored(error, "closing a socket")


@define(eq=False)
class Client:
    """Makes connections. Safe between threads and after a fork; pickled without what it has asked for.

    Attributes:
        options: how the warehouse is reached.
    """

    options: RedshiftOptions = field(repr=False)
    _login: Login | None = field(default=None, init=False, repr=False)

    def connect(self, *settings: str) -> Connection:
        """Make a connection, in which every statement is a transaction of its own.

        Args:
            settings: statements by which the session begins.

        Raises:
            ConfigError: the options make no login.
            PermissionDeniedError: it is refused.
            TransientError: the warehouse doesn't answer.
        """
        try:
            return self._connect(settings)
        except PermissionDeniedError:
            if self._login is None:
                raise
            self._login = None  # the secret may have been rotated since
            return self._connect(settings)

    def _connect(self, settings: Sequence[str]) -> Connection:
        import redshift_connector

        try:
            made = redshift_connector.connect(**self._arguments())  # in no local variable: tracebacks may show those
        except DaoError:
            raise
        except Exception as error:
            close_refused(error)
            found = _errors.translate(error) or _login_error(error)
            raise found from None  # the driver's tracebacks hold the password
        made._usock.settimeout(None)  # the driver has one timeout for connecting and for every answer
        made._read = _whole(made._read)
        try:
            self._begin_session(made, settings)
        except Exception as error:
            try:
                made.close()
            except Exception as failed:  # it may be gone already
                ignored(failed, "closing a connection whose session could not be set up")
            raise (_errors.translate(error) or StoreError("the session couldn't be set up")) from error
        return made

    def _begin_session(self, made: Connection, settings: Sequence[str]) -> None:
        options, cursor = self.options, made.cursor()
        made.autocommit = True
        cursor.execute("SET enable_case_sensitive_identifier TO true")
        cursor.execute("SET timezone TO 'UTC'")
        for statement in settings:
            cursor.execute(statement)
        if options.query_group is not None:
            cursor.execute(f"SET query_group TO {text(options.query_group)}")
        if options.statement_timeout is not None:
            cursor.execute(f"SET statement_timeout TO {round(options.statement_timeout * 1000)}")

    def _arguments(self) -> dict[str, Any]:
        options = self.options
        given: dict[str, Any] = {
            "database": options.database,
            "ssl": options.sslmode != "disable",
            "timeout": max(1, round(options.connect_timeout)),
            "application_name": _APPLICATION,
            "max_prepared_statements": 0,  # those that it keeps put it out of step when a COMMIT of DDL is refused
            **_KEEPALIVE,
        }
        if options.sslmode != "disable":
            given["sslmode"] = options.sslmode
        if options.host is not None:
            given |= {"host": options.host, "port": options.port}
        if options.iam:
            return given | self._iam()
        if options.secret_id is None:
            if options.password is None:
                raise ConfigError("password: found no way to log in")
            return given | {"user": options.user, "password": _sendable(options.password)}
        login = self._login = self._login or self._ask_for_login(options.secret_id)
        asked: dict[str, Any] = {"user": options.user or login.user, "password": _sendable(login.password)}
        if options.host is None:
            if login.host is None:
                raise ConfigError("host: found neither as an option nor in the secret")
            asked |= {"host": login.host, "port": login.port or options.port}
        if login.database is not None and options.database == "dev":
            asked["database"] = login.database
        return given | asked

    def _iam(self) -> dict[str, Any]:
        options = self.options
        asked: dict[str, Any] = {"iam": True, "region": options.region}
        if options.cluster is not None:
            asked |= {"cluster_identifier": options.cluster, "db_user": options.user}
        else:
            asked |= {
                "is_serverless": True,
                "serverless_work_group": options.workgroup,
                "serverless_acct_id": options.account,
            }
        if options.role is not None:
            keys = self._session().get_credentials().get_frozen_credentials()
            asked |= {
                "access_key_id": keys.access_key,
                "secret_access_key": keys.secret_key,
                "session_token": keys.token,
                "iam_disable_cache": True,
            }
        elif options.profile is not None:
            asked["profile"] = options.profile
        return {name: value for name, value in asked.items() if value is not None}

    def _ask_for_login(self, secret: str) -> Login:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            found = self._session().client("secretsmanager").get_secret_value(SecretId=secret)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            kind = PermissionDeniedError if "AccessDenied" in code else ConfigError
            raise kind(f"secret_id: AWS Secrets Manager refused {secret!r}: {code}") from None
        except BotoCoreError as error:
            raise StoreError(f"secret_id: AWS Secrets Manager can't be asked: {error}") from None
        return Login.of(found.get("SecretString", ""))

    def _session(self) -> Any:
        import boto3

        options = self.options
        session = boto3.Session(profile_name=options.profile, region_name=options.region)
        if options.role is None:
            return session
        role = options.role
        wishes = {"ExternalId": role.external_id} if role.external_id is not None else {}
        keys = session.client("sts").assume_role(
            RoleArn=role.arn, RoleSessionName=role.session_name, DurationSeconds=role.duration, **wishes
        )["Credentials"]
        return boto3.Session(
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
            region_name=options.region,
        )

    def __getstate__(self) -> dict[str, Any]:
        return {"options": self.options}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]


def _sendable(password: Secret) -> str:
    if not password.reveal() or not password.reveal().isprintable():  # in no local variable: tracebacks may show those
        raise ConfigError("password: found one that can't be sent: empty, or with control characters")
    return password.reveal()


def _login_error(error: Exception) -> StoreError:
    """The error for what isn't the driver's: AWS's answers by their codes, since texts may quote what was sent."""
    response = getattr(error, "response", None)
    code = response.get("Error", {}).get("Code", "") if isinstance(response, dict) else ""
    if "AccessDenied" in code or "Unauthorized" in code or type(error).__name__ == "NoCredentialsError":
        return PermissionDeniedError(f"AWS gave no credentials for the warehouse: {code or type(error).__name__}")
    return StoreError(f"the warehouse can't be reached: {code or type(error).__name__}")


def _whole(read: Callable[[int], bytes]) -> Callable[[int], bytes]:
    """What reads just so many bytes.

    The driver takes what came before the connection was closed for the whole, and stumbles over half a value or half a
    message with an error that says nothing of the connection.
    """

    def read_whole(size: int) -> bytes:
        found = read(size)
        if len(found) != size:
            raise ConnectionResetError("the warehouse closed it in the middle of an answer")
        return found

    return read_whole
