"""What pyproject.toml cannot say: the wheel carries manifest.yml, which stands at the top of the checkout."""

from __future__ import annotations

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class WithManifest(build_py):
    """Copies the manifest into the package that reads it; an editable install finds it where it is."""

    def run(self) -> None:
        """Build, then add it."""
        super().run()
        if not self.editable_mode:
            self.copy_file("manifest.yml", str(Path(self.build_lib) / "bot" / "manifest.yml"))

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:  # noqa: FBT001, FBT002 - setuptools' own
        """Name it among what was built, so that it is installed and removed with the rest."""
        outputs: list[str] = super().get_outputs(include_bytecode)
        if self.editable_mode:
            return outputs
        return [*outputs, str(Path(self.build_lib) / "bot" / "manifest.yml")]


setup(cmdclass={"build_py": WithManifest})
