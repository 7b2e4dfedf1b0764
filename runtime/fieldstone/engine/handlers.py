"""The handlers of the data operations. `app.py` gives this table to the door, with those of the rooms above beside it."""

from fieldstone.engine.across import apply_across, prepare_across
from fieldstone.engine.aggregate import answer_aggregate
from fieldstone.engine.batch import apply_batch, prepare_batch
from fieldstone.engine.clone import apply_clone, prepare_clone
from fieldstone.engine.create import apply_create, prepare_create
from fieldstone.engine.delete import apply_delete, prepare_delete
from fieldstone.engine.door import Handlers, Reading, Writing
from fieldstone.engine.explain import answer_explain
from fieldstone.engine.export import answer_export
from fieldstone.engine.once import apply_once, prepare_once
from fieldstone.engine.operation import (
    Across,
    Aggregate,
    Batch,
    Clone,
    Create,
    Delete,
    Explain,
    Export,
    Get,
    Once,
    Read,
    ReadHistory,
    ReadShares,
    Restore,
    Search,
    ShareRecord,
    Together,
    UnshareRecord,
    Update,
    Work,
)
from fieldstone.engine.past import answer_history
from fieldstone.engine.read import answer_get, answer_read
from fieldstone.engine.restore import apply_restore, prepare_restore
from fieldstone.engine.search import answer_search
from fieldstone.engine.sharing import answer_shares, apply_share, apply_unshare, prepare_share, prepare_unshare
from fieldstone.engine.together import apply_together, prepare_together
from fieldstone.engine.update import apply_update, prepare_update
from fieldstone.engine.work import apply_work, prepare_work

DATA_HANDLERS: Handlers = {
    Read: Reading(answer_read),
    Aggregate: Reading(answer_aggregate),
    Search: Reading(answer_search),
    Export: Reading(answer_export),
    Explain: Reading(answer_explain),
    Get: Reading(answer_get),
    ReadHistory: Reading(answer_history),
    ReadShares: Reading(answer_shares),
    Create: Writing(prepare_create, apply_create, whole=True),
    Update: Writing(prepare_update, apply_update, whole=True),
    Delete: Writing(prepare_delete, apply_delete),
    Clone: Writing(prepare_clone, apply_clone),
    Restore: Writing(prepare_restore, apply_restore),
    Batch: Writing(prepare_batch, apply_batch),
    Across: Writing(prepare_across, apply_across),
    ShareRecord: Writing(prepare_share, apply_share),
    UnshareRecord: Writing(prepare_unshare, apply_unshare),
    Once: Writing(prepare_once, apply_once),
    Together: Writing(prepare_together, apply_together),
    Work: Writing(prepare_work, apply_work),
}
