"""What can be wrong with a model."""


class BundleError(Exception):
    """A bundle that must not judge parts: the message names file, expected and got."""


class InferenceError(Exception):
    """A model run that gave nothing to judge by (NaN, wrong shape): the part is rejected."""


class RegistryError(Exception):
    """A registry request that cannot be met: unknown version, nothing to roll back to."""


class SigningError(Exception):
    """A key that cannot be used, to sign with or to trust: the message names the file."""
