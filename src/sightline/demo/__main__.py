"""`python -m sightline.demo --url …`: fills a server that runs already."""

from sightline.demo.command import demo_command

if __name__ == "__main__":
    demo_command(None)(prog_name="sightline demo")
