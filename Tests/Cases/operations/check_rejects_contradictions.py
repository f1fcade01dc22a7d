"""A configuration names a virtual model that is its own target, a provider or model that does not exist, or the same
alias twice. `hoosh check` rejects targets that do not exist or that form a loop, and duplicate names, with exit
status 78 and the name."""

from kit import check, command, done, table, temp_folder, write_file

path = temp_folder() + "/hoosh.toml"
BASE = table("[[providers]]", type="OpenAiCompatible", name="lab", base_url="http://127.0.0.1:1", models=["m1", "m2"])


def alias(name, model):
    return table("[[aliases]]", name=name, model=model)


def virtual(name, *targets):
    return table("[[virtual_models]]", name=name, targets=targets)


for label, tables, word in (
    ("a virtual model that is its own target", virtual("best", "best"), "best"),
    ("an alias of itself", alias("fast", "fast"), "fast"),
    ("a target at an unknown provider", virtual("best", "unknown/m1"), "unknown"),
    ("a target that no provider serves", virtual("best", "m7"), "m7"),
    ("an alias of a model that no provider serves", alias("fast", "m7"), "m7"),
    ("a duplicate alias", alias("fast", "m1") + alias("fast", "m2"), "fast"),
    ("a duplicate virtual model", virtual("best", "m1") + virtual("best", "m2"), "best"),
    ("an alias and a virtual model with one name", alias("best", "m1") + virtual("best", "m2"), "best"),
):
    ran = command("check", write_file(path, BASE + tables))
    check(
        ran.returncode == 78 and word in ran.err.replace(path, ""),
        label,
        "exit %s: %s" % (ran.returncode, (ran.err or ran.out).replace(path, "")),
    )
for label, tables in (
    ("a valid alias and a valid virtual model", alias("fast", "m1") + virtual("best", "lab/m2", "m1")),
    ("a virtual model of an alias", alias("fast", "m1") + virtual("best", "fast", "m2")),
):
    ran = command("check", write_file(path, BASE + tables))
    check(ran.returncode == 0, label, "exit %s: %s" % (ran.returncode, ran.err))
done()
