// SPDX-License-Identifier: GPL-2.0

//! Whether a packet may open a flow, by what the table may have.

use super::{dropped, route::Family, Case, Result, Steps, Verdict};
use crate::domain::reason::DropReason;

/// Whether there is room for another flow.
pub(super) fn room<A: Family>(case: &Case<'_>, steps: &mut Steps) -> Result<Option<Verdict>> {
    let table = A::flows(case.tables);
    let (live, max) = (table.live(), table.max());
    steps.add("limit", format_args!("{live} of {max} flows"))?;
    Ok((live >= max).then(|| dropped(DropReason::FlowTableFull)))
}
