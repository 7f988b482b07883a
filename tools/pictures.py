"""Draw the pictures of README and docs from the real thing: `make pictures`."""

from pathlib import Path

from rollviz.scenario import simulate
from rollviz.widgets.player import Player

ROOT = Path(__file__).parents[1]
FILM = ROOT / "docs" / "rolling-update.svg"


def draw(path: Path = FILM) -> None:
    """The film of the lecture's update, with the pods of notebook 03."""
    timeline = simulate(
        ROOT / "notebooks" / "manifests" / "deployment-definition.yml",
        "kubectl set image deployment/myapp-deployment nginx=nginx:1.9.1",
        startup_seconds=(2.0, 2.6, 3.2),
        termination_seconds=(1.5,),
    )
    Player(timeline).to_svg(path, overwrite=True)


if __name__ == "__main__":
    draw()
