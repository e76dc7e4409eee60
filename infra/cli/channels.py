"""`tuning channels`: put prepared files into a data stack's channel buckets, on AWS as locally."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_s3 import S3Client

app = typer.Typer(help="Fill the channels of a training job.", no_args_is_help=True)

CHANNELS = ("train", "validation", "vocab")


@app.callback()
def channels() -> None:
    """Fill the channels of a training job."""


@app.command()
def fill(
    folder: Annotated[Path, typer.Argument(help="Has a folder for each channel: train, validation, vocab.")],
    *,
    stack: Annotated[str, typer.Option(help="The data stack; its outputs name the buckets.")] = "seq2seq-data",
    corpus: Annotated[str, typer.Option(help="Prefix of the files in each bucket.")] = "translate-en-de",
    local: Annotated[bool, typer.Option("--local", help="The local AWS instead of a real account.")] = False,
) -> None:
    """Uploads FOLDER/<channel>/* to the channel's bucket below the corpus's name."""
    from infra.cli.session import client

    files = files_of_channels(folder)
    buckets = channel_buckets(client("cloudformation", local=local), stack)
    upload(client("s3", local=local), files, buckets, corpus)
    for channel, paths in files.items():
        size = sum(path.stat().st_size for path in paths.values())
        typer.echo(f"{channel:<10} {len(paths)} files, {size / 1e6:.1f} MB  s3://{buckets[channel]}/{corpus}/")


def files_of_channels(folder: Path) -> dict[str, dict[str, Path]]:
    """The files to upload by channel and name; every channel must have one, since training fails on an empty one."""
    files = {
        channel: {
            path.relative_to(folder / channel).as_posix(): path
            for path in sorted((folder / channel).rglob("*"))
            if path.is_file()
        }
        for channel in CHANNELS
    }
    empty = [str(folder / channel) for channel, paths in files.items() if not paths]
    if empty:
        raise UserError(f"no files in {', '.join(empty)}: make them with `tuning seq2seq prepare`")
    return files


def channel_buckets(cloudformation: CloudFormationClient, stack: str) -> dict[str, str]:
    """The bucket of each channel, from the outputs of a deployed data stack."""
    from botocore.exceptions import ClientError

    try:
        description = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            raise UserError(f"stack {stack} does not exist: deploy it first, or name another with --stack") from None
        raise
    outputs = {output["OutputKey"]: output["OutputValue"] for output in description.get("Outputs", [])}
    names = {channel: f"{channel.capitalize()}BucketName" for channel in CHANNELS}
    missing = [name for name in names.values() if name not in outputs]
    if missing:
        raise UserError(f"stack {stack} has no output {', '.join(missing)}: it is not a data stack")
    return {channel: outputs[name] for channel, name in names.items()}


def upload(s3: S3Client, files: dict[str, dict[str, Path]], buckets: dict[str, str], corpus: str) -> None:
    """Uploads each channel's files below the corpus's prefix; folders inside a channel stay folders."""
    for channel, paths in files.items():
        for name, path in paths.items():
            s3.upload_file(str(path), buckets[channel], f"{corpus}/{name}")
