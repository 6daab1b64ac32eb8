"""A refusal, as AWS words it."""


class AwsError(Exception):
    """`code` is the model's error code (boto3's `Error.Code`), `status` the HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.status = status

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"
