from trackerwatch.orders import TrackerOrder
from trackerwatch.state import StateFile


def test_what_the_screen_leaves_comes_back(tmp_path):
    path = tmp_path / "deep" / "state.json"
    assert StateFile(path).layout.load() == {}
    assert StateFile(path).layout.save({"sort": "name", "columns": ["a", "b"], "width": 3}) == ""
    assert StateFile(path).layout.load() == {"sort": "name", "columns": ["a", "b"], "width": 3}
    assert path.stat().st_mode & 0o077 == 0


def test_the_layout_leaves_orders_alone(tmp_path):
    file = StateFile(tmp_path / "state.json")
    assert file.orders.keep({"a.example": TrackerOrder(muted=True)}, what="a.example: muted") == ""
    assert file.layout.save({"sort": "name"}) == ""
    assert list(file.orders.load()) == ["a.example"]


def test_what_is_no_json_value_is_said_and_not_written(tmp_path):
    file = StateFile(tmp_path / "state.json")
    file.layout.save({"sort": "name"})
    assert "not kept" in file.layout.save({"sort": object()})
    assert "not kept" in file.layout.save({"sort": float("nan")})
    assert file.layout.load() == {"sort": "name"}


def test_a_section_that_is_no_mapping_is_empty(tmp_path):
    path = tmp_path / "state.json"
    path.write_text('{"schema": "trackerwatch.state/1", "screen": [1]}')
    assert StateFile(path).layout.load() == {}
