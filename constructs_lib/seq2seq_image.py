"""The training image of the sequence-to-sequence algorithm: AWS's own, or one in a repository of yours."""

from __future__ import annotations

import re
from collections.abc import Callable

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from constructs_lib._algorithm_accounts import SEQ2SEQ_ACCOUNTS
from constructs_lib._built_in_image import built_in_image
from constructs_lib.errors import ValidationError

_NAME = "seq2seq"
_BUILT_IN_TAG = "1"


class Seq2SeqImage:
    """An image that trains the sequence-to-sequence algorithm. Make one with the static methods.

    ==============================================  ==========================================================
    ``Seq2SeqImage.built_in(stack)``                AWS's own image in the stack's region
    ``Seq2SeqImage.from_repository(repo)``          the newest image tagged ``latest`` of a repository
    ``Seq2SeqImage.from_repository(repo, tag="2")``  the image with that tag
    ``Seq2SeqRepository(self, "Repo").image("2")``  the same, in a repository that is made for it
    ==============================================  ==========================================================
    """

    def __init__(
        self, *, image_uri: str, grant_pull: Callable[[iam.IGrantable], iam.Grant], is_built_in: bool = False
    ) -> None:
        self._image_uri = image_uri
        self._is_built_in = is_built_in
        self._grant_pull = grant_pull

    @property
    def image_uri(self) -> str:
        """``<registry>/<repository>:<tag>`` or ``<registry>/<repository>@<digest>``."""
        return self._image_uri

    @property
    def is_built_in(self) -> bool:
        """Whether it is AWS's own; the service knows the metrics of that, and is told those of other images."""
        return self._is_built_in

    def grant_pull(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow ``grantee`` to pull this image, and no other repository's."""
        return self._grant_pull(grantee)

    @staticmethod
    def built_in(scope: Construct) -> Seq2SeqImage:
        """AWS's image ``seq2seq:1`` in the region of ``scope``'s stack.

        A stack without a region looks the registry up at deploy, in a mapping that its template then has.

        Raises:
            ValidationError: if AWS publishes no such image in the region.
        """
        image = built_in_image(
            scope,
            repository=_NAME,
            tag=_BUILT_IN_TAG,
            accounts=SEQ2SEQ_ACCOUNTS,
            mapping="Seq2SeqImageAccounts",
            instead="use another region, or an image of your own with Seq2SeqImage.from_repository",
        )
        return Seq2SeqImage(image_uri=image.image_uri, grant_pull=image.grant_pull, is_built_in=True)

    @staticmethod
    def from_repository(
        repository: ecr.IRepository, *, tag: str | None = None, digest: str | None = None
    ) -> Seq2SeqImage:
        """An image in an ECR repository.

        The local AWS picks the training program by the last part of the repository's name, so call it ``seq2seq``
        or ``<anything>/seq2seq`` to train locally what the image trains on AWS.

        Args:
            repository: where the image is.
            tag: its tag. Default: ``latest``, unless there is a digest.
            digest: its digest, ``sha256:...``.

        Raises:
            ValidationError: if both a tag and a digest are given.
        """
        if tag is not None and digest is not None:
            raise ValidationError(
                repository.node.path,
                [f"digest must be absent where there is a tag, got tag {tag!r} and digest {digest!r}"],
            )
        if digest is not None:
            uri = repository.repository_uri_for_digest(digest)
        else:
            uri = repository.repository_uri_for_tag("latest" if tag is None else tag)
        return Seq2SeqImage(image_uri=uri, grant_pull=repository.grant_pull)


class Seq2SeqRepository(ecr.Repository):
    """An ECR repository for the training image: scanned on push, immutable tags, encrypted, untagged images expire.

    Args:
        scope: the parent.
        id: unique below the parent.
        repository_name: its name, whose last part must be ``seq2seq``, by which the local AWS knows the program.
            Default: ``<unique name of the construct>/seq2seq``.
        encryption_key: Default: the key ``aws/ecr``, which AWS manages.
        removal_policy: Default: ``RETAIN``. A kept repository keeps its name: import it into a stack that comes later.

    Raises:
        ValidationError: if the last part of the name is not ``seq2seq``.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002
        *,
        repository_name: str | None = None,
        encryption_key: kms.IKey | None = None,
        removal_policy: cdk.RemovalPolicy = cdk.RemovalPolicy.RETAIN,
    ) -> None:
        name = _default_name(scope, id) if repository_name is None else repository_name
        if not cdk.Token.is_unresolved(name) and name.rsplit("/", 1)[-1] != _NAME:
            raise ValidationError(
                f"{scope.node.path}/{id}",
                [f"repository_name must be '{_NAME}' or end in '/{_NAME}', got {name!r}"],
            )
        super().__init__(
            scope,
            id,
            repository_name=name,
            image_scan_on_push=True,
            image_tag_mutability=ecr.TagMutability.IMMUTABLE,
            encryption=ecr.RepositoryEncryption.KMS,
            encryption_key=encryption_key,
            lifecycle_rules=[
                ecr.LifecycleRule(
                    description="untagged images expire after 14 days",
                    tag_status=ecr.TagStatus.UNTAGGED,
                    max_image_age=cdk.Duration.days(14),
                )
            ],
            removal_policy=removal_policy,
        )

    def image(self, tag: str) -> Seq2SeqImage:
        """The image with ``tag``; tags cannot be moved, so it stays the same one."""
        return Seq2SeqImage.from_repository(self, tag=tag)


def _default_name(scope: Construct, construct_id: str) -> str:
    # CloudFormation's own names end in a random part, and the last part of the path has to be the program's name.
    placed = f"{cdk.Names.unique_resource_name(scope, max_length=100, separator='-')}-{construct_id}"
    return f"{re.sub('[^a-z0-9]+', '-', placed.lower()).strip('-')}/{_NAME}"
