from constructs import Construct

from modules import ApiLoggingRole
from settings import Settings

from .system import SystemStack


class ApiGatewayAccount(SystemStack):
    """The one API Gateway logging role of an account and region, where `API_LOGGING_ROLE=managed` asks for it.

    A stack of its own: no system's destruction takes it from the others.
    """

    def __init__(self, scope: Construct, settings: Settings) -> None:
        super().__init__(scope, "api-gateway-account", settings)
        ApiLoggingRole(self, "LoggingRole", name=self.names.function("logging"), account_id=self.account_id)
