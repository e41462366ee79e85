from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.builders.records import (
    DISTRICT,
    OTHER_DISTRICT,
    Json,
    district_json,
    event_json,
    record_id,
    school_json,
    section_json,
    student_json,
)
from worker.adapters.clever.saved import SavedPageFolder
from worker.runtime.errors import InputFileError

Save = Callable[..., Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def to_file(name: str, *records: Json, collection: str | None = None) -> Path:
        uri = f"/v3.1/{collection}/" if collection else "/somewhere/"
        rows = [{"data": record, "uri": f"{uri}{record['id']}"} for record in records]
        return write(tmp_path / name, {"data": rows, "links": []})

    return to_file


@pytest.fixture
def folder(save: Save, tmp_path: Path) -> Path:
    """Lend a folder with the sections of a district."""
    save("sections.json", section_json())
    return tmp_path


def write(path: Path, document: Any) -> Path:
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def refusal(folder: Path) -> str:
    with pytest.raises(InputFileError) as caught:
        SavedPageFolder(folder)
    text = str(caught.value)
    assert "\n" not in text
    assert "Fernquay" not in text
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    return text.replace(str(folder), "FOLDER")


def test_collections_are_told_by_what_is_in_the_files(save: Save, tmp_path: Path) -> None:
    save("a.json", section_json())
    save("b.json", student_json(), collection="users")
    save("c.json", district_json(sis_type="sftp"))
    save("d.json", school_json(), collection="schools")
    write(tmp_path / "notes.txt", "not read")

    saved = SavedPageFolder(tmp_path)

    assert saved.collections() == ["districts", "schools", "users", "sections"]
    assert saved.district_id == DISTRICT
    assert saved.district() == district_json(sis_type="sftp")
    assert list(saved.pages("sections", 10)) == [[section_json()]]


def test_a_folder_without_the_districts_record_still_says_whose_it_is(save: Save, tmp_path: Path) -> None:
    save("users.json", student_json())
    save("sections.json", section_json())

    saved = SavedPageFolder(tmp_path)

    assert (saved.district(), saved.district_id) == (None, DISTRICT)
    assert list(saved.pages("terms", 10)) == []


def test_pages_go_on_from_file_to_file_in_the_order_of_their_numbers(save: Save, tmp_path: Path) -> None:
    save("sections.json", section_json())
    students = [student_json(number) for number in range(1, 6)]
    save("users-10.json", students[4])
    save("users-9.json", *students[2:4])
    save("users-1.json", *students[:2])

    pages = list(SavedPageFolder(tmp_path).pages("users", 3))

    assert pages == [students[:3], students[3:]]


def test_one_file_may_hold_several_collections_and_another_none(save: Save, tmp_path: Path) -> None:
    save("all.json", student_json(), section_json())
    save("empty.json")

    saved = SavedPageFolder(tmp_path)

    assert saved.collections() == ["users", "sections"]
    assert list(saved.pages("users", 5)) == [[student_json()]]


# Links from page to page


def linked(folder: Path, name: str, *records: Json, **links: str) -> None:
    rows = [{"data": record, "uri": f"/v3.1/users/{record['id']}"} for record in records]
    write(folder / name, {"data": rows, "links": [{"rel": rel, "uri": uri} for rel, uri in links.items()]})


def after(number: int, collection: str = "users") -> str:
    return f"/v3.1/{collection}?limit=100&starting_after={record_id(number)}"


def missing_after(name: str, number: int) -> str:
    return f"FOLDER/{name}: the next page of users is missing, the one that begins after {record_id(number)}"


def test_pages_that_lead_to_one_another_are_whole(folder: Path) -> None:
    linked(folder, "users-1.json", student_json(1), student_json(2), next=after(2))
    linked(folder, "users-2.json", student_json(3), self=after(2), prev="/v3.1/users?ending_before=3")

    assert [len(page) for page in SavedPageFolder(folder).pages("users", 10)] == [3]


def test_a_page_that_is_named_out_of_order_is_still_the_next_one(folder: Path) -> None:
    linked(folder, "users-b.json", student_json(1), next=after(1))
    linked(folder, "users-a.json", student_json(2), self=after(1))

    assert [len(page) for page in SavedPageFolder(folder).pages("users", 10)] == [2]


def test_pages_that_break_off_are_refused(folder: Path) -> None:
    linked(folder, "users-1.json", student_json(1), next=after(1))
    linked(folder, "users-2.json", student_json(2), self=after(1), next=after(2))

    assert refusal(folder) == missing_after("users-2.json", 2)


def test_an_empty_page_ends_a_list_at_its_own_place_only(folder: Path) -> None:
    linked(folder, "users-1.json", student_json(1), next=after(1))
    linked(folder, "users-2.json", self=after(7))
    assert refusal(folder) == missing_after("users-1.json", 1)

    linked(folder, "users-2.json", self=after(1))
    assert SavedPageFolder(folder).collections() == ["users", "sections"]


def test_rows_of_another_collection_are_not_the_next_page(save: Save, tmp_path: Path) -> None:
    save("sections.json", section_json(700), section_json(701))
    linked(tmp_path, "users.json", student_json(1), next=after(1))
    linked(tmp_path, "empty.json", self=after(1, "sections"))

    assert refusal(tmp_path) == missing_after("users.json", 1)


@pytest.mark.parametrize("links", [None, "none", [None, "x", {}, {"rel": "next"}], {"next": "/v3.1/users"}])
def test_links_that_lead_nowhere_are_left_alone(folder: Path, links: Any) -> None:
    rows = [{"data": student_json(), "uri": "/v3.1/users/1"}]
    write(folder / "users.json", {"data": rows, "links": links})

    assert [len(page) for page in SavedPageFolder(folder).pages("users", 10)] == [1]


@pytest.mark.parametrize("uri", ["/v3.1/users?limit=100", "http://[", "/elsewhere?starting_after=1", ""])
def test_a_link_without_the_next_pages_place_is_ignored(folder: Path, uri: str) -> None:
    linked(folder, "users.json", student_json(1), next=uri)

    assert [len(page) for page in SavedPageFolder(folder).pages("users", 10)] == [1]


def test_a_page_has_at_least_one_row(save: Save, tmp_path: Path) -> None:
    save("all.json", student_json(), section_json())

    with pytest.raises(ValueError, match="at least one"):
        list(SavedPageFolder(tmp_path).pages("users", 0))


def test_a_missing_folder_a_file_and_an_empty_folder_are_named(tmp_path: Path) -> None:
    file = write(tmp_path / "file.txt", "{}")

    assert refusal(tmp_path / "none") == "FOLDER: expected a folder with pages of Clever's lists"
    assert refusal(file) == "FOLDER: expected a folder with pages of Clever's lists"
    assert refusal(tmp_path) == "FOLDER: expected pages of Clever's lists in it, as files *.json"


@pytest.mark.parametrize(
    ("record", "missing"), [(student_json(), "sections"), (section_json(), "users")], ids=str
)
def test_users_and_sections_must_be_there(save: Save, tmp_path: Path, record: Json, missing: str) -> None:
    save("one.json", record)

    assert refusal(tmp_path) == f"FOLDER: expected a page of {missing} among its files *.json"


def test_pages_of_two_districts_are_refused(save: Save, tmp_path: Path) -> None:
    save("a.json", student_json())
    save("b.json", section_json(district=OTHER_DISTRICT))

    assert refusal(tmp_path) == (
        f"FOLDER/b.json: expected pages of one district, {DISTRICT}; this one has rows of {OTHER_DISTRICT}"
    )


def test_the_record_of_another_district_is_refused(save: Save, tmp_path: Path) -> None:
    save("a.json", student_json(), section_json())
    save("d.json", district_json(id=OTHER_DISTRICT), collection="districts")

    assert f"this one has rows of {OTHER_DISTRICT}" in refusal(tmp_path)


def test_rows_without_a_district_are_refused(save: Save, tmp_path: Path) -> None:
    save("a.json", student_json(district=None))

    assert refusal(tmp_path) == "FOLDER/a.json: expected every row to name its district"


@pytest.mark.parametrize("document", ['{"data": [{"Fernquay"', "Fernquay", [], {"data": {}}, {"users": []}])
def test_a_file_that_is_no_page_is_named(tmp_path: Path, document: Any) -> None:
    write(tmp_path / "users.json", document)

    assert refusal(tmp_path) == (
        'FOLDER/users.json: expected a page of a Clever list, as JSON with rows under "data"'
    )


def test_a_page_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "users.json").write_bytes(b'{"data": ["\xff\xfe"]}')

    assert "FOLDER/users.json: expected a page" in refusal(tmp_path)


@pytest.mark.parametrize(
    "row",
    [
        *("Fernquay", None, {"data": "Fernquay"}, {"name": "Fernquay"}),
        *({"data": record} for record in (event_json(student_json()), {"id": "x"})),
    ],
)
def test_a_page_without_records_of_anything_known_is_refused(tmp_path: Path, row: Any) -> None:
    write(tmp_path / "users.json", {"data": [row]})

    assert refusal(tmp_path) == "FOLDER/users.json: expected records of a collection that Clever has"


@pytest.mark.parametrize(
    ("odd", "kept"),
    [
        (
            {"data": None, "uri": "/v3.1/users/u7"},
            {"id": "u7", "data": {"data": None, "uri": "/v3.1/users/u7"}},
        ),
        (None, {"data": None}),
        ({"data": {"id": 7, "roles": {}}}, {"id": 7, "roles": {}}),
    ],
)
def test_a_row_without_a_record_or_an_id_stays_where_it_was(folder: Path, odd: object, kept: Json) -> None:
    student = {"data": student_json(), "uri": "/v3.1/users/1"}
    write(folder / "users.json", {"data": [student, odd]})

    (page,) = SavedPageFolder(folder).pages("users", 5)

    assert page == [student_json(), kept]


def test_a_file_gone_since_the_start_is_named(save: Save, tmp_path: Path) -> None:
    path = save("all.json", student_json(), section_json())
    saved = SavedPageFolder(tmp_path)
    path.unlink()

    with pytest.raises(InputFileError, match=r"all\.json: cannot be read: No such file"):
        list(saved.pages("users", 5))
