"""Run the notebooks and write each `.ipynb` beside its source, with outputs: `python -m notebooks.make [NAME ...]`."""

from __future__ import annotations

import sys
from base64 import b64decode, b64encode
from io import BytesIO
from pathlib import Path

import jupytext
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbformat import NotebookNode
from PIL import Image

HERE = Path(__file__).parent
SECONDS = 300


def sources() -> list[Path]:
    """The notebooks as text, in their order."""
    return sorted(HERE.glob("[0-9]*.py"))


def run(source: Path) -> NotebookNode:
    """A notebook with its outputs, run by this interpreter whatever kernels are installed.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        A cell fails.
    """
    notebook = jupytext.read(source)
    kernel = AsyncKernelManager(kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))
    client = NotebookClient(
        notebook, km=kernel, timeout=SECONDS, record_timing=False, resources={"metadata": {"path": str(HERE)}},
        coalesce_streams=True, extra_arguments=["--log-level=ERROR"],
    )  # fmt: skip
    return tidy(client.execute(cleanup_kc=True))


def tidy(notebook: NotebookNode) -> NotebookNode:
    """The same without what changes from one run to the next (ids of cells, versions), and with smaller pictures."""
    notebook.nbformat_minor = 4  # the last without ids of cells
    for cell in notebook.cells:
        cell.pop("id", None)
        for output in cell.get("outputs", ()):
            if "image/png" in output.get("data", {}):
                output.data["image/png"] = smaller(output.data["image/png"])
    notebook.metadata.pop("language_info", None)
    return notebook


def smaller(picture: str) -> str:
    """A PNG in base64 with a palette of its own."""
    target = BytesIO()
    Image.open(BytesIO(b64decode(picture))).convert("RGB").quantize(128, dither=Image.Dither.NONE).save(
        target, "PNG", optimize=True
    )
    return b64encode(target.getvalue()).decode()


def main() -> None:
    """Remake those named, or all."""
    for source in [HERE / f"{Path(name).stem}.py" for name in sys.argv[1:]] or sources():
        jupytext.write(run(source), source.with_suffix(".ipynb"), fmt="ipynb")
        print(source.stem, flush=True)


if __name__ == "__main__":
    main()
