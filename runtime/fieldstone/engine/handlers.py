"""The handlers of the data operations. `app.py` gives this table to the door, with those of the rooms above beside it."""

from fieldstone.engine.batch import apply_batch, prepare_batch
from fieldstone.engine.create import apply_create, prepare_create
from fieldstone.engine.delete import apply_delete, prepare_delete
from fieldstone.engine.door import Handlers, Reading, Writing
from fieldstone.engine.operation import Batch, Create, Delete, Get, Read, Update
from fieldstone.engine.read import answer_get, answer_read
from fieldstone.engine.update import apply_update, prepare_update

DATA_HANDLERS: Handlers = {
    Read: Reading(answer_read),
    Get: Reading(answer_get),
    Create: Writing(prepare_create, apply_create),
    Update: Writing(prepare_update, apply_update),
    Delete: Writing(prepare_delete, apply_delete),
    Batch: Writing(prepare_batch, apply_batch),
}
