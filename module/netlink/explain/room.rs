// SPDX-License-Identifier: GPL-2.0

//! Whether a packet may pass or open a flow, by what its tunnel, its customer and the table may
//! have. Nothing is taken from their rates.

use kernel::sync::rcu;

use super::{dropped, route::Family, Case, Result, Steps, Verdict};
use crate::{
    domain::reason::DropReason,
    table::{Limit, Meter, Tunnel},
};

/// Rates of a meter: no more than these.
type Limits = [Option<Limit>; 2];

fn few(limits: impl Iterator<Item = Limit>) -> Limits {
    let mut few = [None; 2];
    for (place, limit) in few.iter_mut().zip(limits) {
        *place = Some(limit);
    }
    few
}

/// Tells rates, and whether one drops whatever comes now.
fn held(
    whose: &str,
    limits: Limits,
    reason: DropReason,
    steps: &mut Steps,
) -> Result<Option<Verdict>> {
    for limit in limits.into_iter().flatten() {
        let Limit {
            what, per_second, ..
        } = limit;
        let state = match limit.is_used_up {
            true => ", used up",
            false => "",
        };
        steps.add(
            "rate",
            format_args!("{whose} {per_second} {what} a second{state}"),
        )?;
        if limit.is_used_up {
            return Ok(Some(dropped(reason)));
        }
    }
    Ok(None)
}

/// What the receive budget of a tunnel says.
pub(super) fn budget(tunnel: &Tunnel, steps: &mut Steps) -> Result<Option<Verdict>> {
    match &tunnel.meter {
        Some(meter) => held(
            "the tunnel's",
            few(meter.limits_of_packets()),
            DropReason::TunnelRate,
            steps,
        ),
        None => Ok(None),
    }
}

/// What the customer's meter has, asked for under RCU and told afterwards.
fn of_customer(case: &Case<'_>, limits: impl FnOnce(&Meter) -> Limits) -> Limits {
    let guard = rcu::read_lock();
    let customer = case.config.customer(case.customer);
    let meter = customer.and_then(|customer| customer.runtime.terms(&guard).meter());
    meter.map(limits).unwrap_or_default()
}

/// What the customer's rates say of a packet that comes in.
pub(super) fn rates(case: &Case<'_>, steps: &mut Steps) -> Result<Option<Verdict>> {
    let limits = of_customer(case, |meter| few(meter.limits_of_packets()));
    held("the customer's", limits, DropReason::CustomerRate, steps)
}

/// Whether there is room for another flow.
pub(super) fn room<A: Family>(case: &Case<'_>, steps: &mut Steps) -> Result<Option<Verdict>> {
    if let Some(customer) = case.config.customer(case.customer) {
        let (live, max) = (customer.runtime.flows(), customer.quotas.flows);
        if max != 0 {
            steps.add(
                "limit",
                format_args!("{live} of the customer's {max} flows"),
            )?;
            if live >= max {
                return Ok(Some(dropped(DropReason::CustomerFlows)));
            }
        }
    }
    let limits = of_customer(case, |meter| few(meter.limits_of_flows()));
    let whose = "the customer's";
    if let Some(verdict) = held(whose, limits, DropReason::CustomerNewFlows, steps)? {
        return Ok(Some(verdict));
    }
    let table = A::flows(case.tables);
    let (live, max) = (table.live(), table.max());
    steps.add("limit", format_args!("{live} of {max} flows"))?;
    Ok((live >= max).then(|| dropped(DropReason::FlowTableFull)))
}
