"""What a person reads who wrote something wrong: line, reason, suggestion."""

import pytest

MEASUREMENT = '[[measurement]]\nindex = 1\ntype = "svn"\n'
FAULT = '[[fault]]\nid = "x"\ndescription = ""\nduty = "reject"\nbasis = "spec"\nsource = ""\n'


@pytest.mark.parametrize(
    ("added", "line", "reason", "suggestion"),
    [
        ("[sevrer]\n", 1, "unknown key 'sevrer' in a profile", "server"),
        ("[server]\nidle_timout = 1\n", 2, "unknown key 'idle_timout' in server", "idle_timeout"),
        ("sets = 1\n", 1, "unknown key 'sets' in slot[0]", "set"),
        ("[[slot]]\nset = 'device'\n", 1, "slot[1] lacks the key 'id'", ""),
        ("[[slot]]\nid = 8\n", 2, "slot[1].id: expected int <= 7", ""),
        ("[[slot]]\nid = '1'\n", 2, "slot[1].id: expected int, got str", ""),
        ("[slots]\n", 1, "unknown key 'slots' in a profile", "slot"),
        ("[measurement]\n", 1, "measurement: expected a list, got a table", ""),
        (MEASUREMENT + "fill = { byte = 1, siz = 2 }\n", 4, "unknown key 'siz'", "size"),
        (MEASUREMENT + "[measurement.mode]\nstate = []\n", 5, "unknown key 'state'", ""),
        ("[server]\nattach = 'stick'\n", 2, "server.attach is none of fresh, ", "sticky"),
        ("[server]\nattach = 1\n", 2, "server.attach: expected str, got int", ""),
        ("[timing.ready_after]\nCHALLENGE = 0\n", 1, "expected int >= 1", ""),
        (FAULT + 'hook = "pre_sing"\naction = []\n', 7, "hook is none of", "pre_sign"),
        (FAULT + 'hook = "pre_sign"\naction = [{ do = "flp" }]\n', 8, "is none of", "flip"),
        (FAULT + 'hook = "pre_sign"\naction = [{ do = "flip", bi = 1 }]\n', 8, "'bi'", "bit"),
        (FAULT + 'hook = "message"\naction = [{ do = "truncate", at_ = "x" }]\n', 8, "'at_'", "at"),
        (FAULT + 'hook = "message"\naction = [{ do = "truncate", size = 4 }]\n', 8, "'size'", ""),
        (FAULT.replace('duty = "reject"\n', ""), 1, "fault[0] lacks the key 'duty'", ""),
    ],
)
def test_mistakes_are_explained_at_their_line(refused, head, added, line, reason, suggestion):
    where, why, hint = refused(head + added)
    assert where == head.count("\n") + line
    assert reason in why
    assert hint == suggestion
    assert "`" not in why


def test_wrong_type_at_the_top(refused):
    assert refused("spdm = 1\n") == (1, "spdm: expected a table, got int", "")


def test_nothing_at_all(refused):
    assert refused("\n") == (1, "the profile lacks the key 'spdm'", "")


def test_literal_number_in_a_list(refused, head):
    line, reason, _ = refused(head.replace("[[slot]]", "opaque_formats = [1,\n2]\n[[slot]]"))
    assert line == 10
    assert "0, 1" in reason
