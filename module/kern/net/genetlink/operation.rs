// SPDX-License-Identifier: GPL-2.0

//! The table of what a family can do.

use super::{
    dump::{self, Dump},
    AttrPolicy, Family, Policy, Refused, Reply, Request,
};
use crate::sys::bindings;
use kernel::ffi;

/// Who may use an operation or listen to a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Permission {
    /// Everybody.
    Anyone,
    /// Who has `CAP_NET_ADMIN` over the namespace.
    NamespaceAdmin,
}

type DoFunction<F> = fn(&F, &Request<'_>) -> Result<Reply, Refused>;

type DumpFunctions = bindings::genl_split_ops__bindgen_ty_1__bindgen_ty_2;

enum Kind<F> {
    Do(DoFunction<F>),
    Dump(DumpFunctions),
}

/// A command that clients may send, as a do or as a dump.
pub(crate) struct Operation<F> {
    command: u8,
    permission: Permission,
    policy: Policy,
    kind: Kind<F>,
}

impl<F: Family> Operation<F> {
    /// A command that `function` answers.
    pub(crate) const fn act(
        command: u8,
        permission: Permission,
        policy: Policy,
        function: fn(&F, &Request<'_>) -> Result<Reply, Refused>,
    ) -> Self {
        Self {
            command,
            permission,
            policy,
            kind: Kind::Do(function),
        }
    }

    /// A command that is answered by a dump.
    pub(crate) const fn dump<D: Dump<F>>(
        command: u8,
        permission: Permission,
        policy: Policy,
    ) -> Self {
        Self {
            command,
            permission,
            policy,
            kind: Kind::Dump(DumpFunctions {
                start: Some(dump::start::<F, D>),
                dumpit: Some(dump::dumpit::<F, D>),
                done: Some(dump::done::<F, D>),
            }),
        }
    }

    /// The operation as C wants it.
    pub(super) fn to_c(&self) -> bindings::genl_split_ops {
        let (maxattr, policy) = AttrPolicy::table(self.policy);
        let mut op = bindings::genl_split_ops {
            policy,
            maxattr,
            cmd: self.command,
            ..Default::default()
        };
        if self.permission == Permission::NamespaceAdmin {
            op.flags |= bindings::GENL_UNS_ADMIN_PERM as u8;
        }
        match &self.kind {
            Kind::Do(_) => {
                op.flags |= bindings::GENL_CMD_CAP_DO as u8;
                op.__bindgen_anon_1.__bindgen_anon_1 =
                    bindings::genl_split_ops__bindgen_ty_1__bindgen_ty_1 {
                        doit: Some(doit::<F>),
                        ..Default::default()
                    };
            }
            Kind::Dump(functions) => {
                op.flags |= bindings::GENL_CMD_CAP_DUMP as u8;
                op.__bindgen_anon_1.__bindgen_anon_2 = *functions;
            }
        }
        op
    }
}

/// A multicast group.
pub(crate) struct Group {
    /// What clients call it, at most 15 bytes.
    pub(crate) name: &'static str,
    /// Who may listen.
    pub(crate) permission: Permission,
}

/// Answers a request by the function of its command.
///
/// # Safety
///
/// To be called by generic netlink for a family that was registered as `F`.
unsafe extern "C" fn doit<F: Family>(
    _skb: *mut bindings::sk_buff,
    info: *mut bindings::genl_info,
) -> ffi::c_int {
    // SAFETY: Generic netlink passes a valid `info` for the length of the call.
    let request = unsafe { Request::from_raw(info) };
    // SAFETY: The caller promises that the family was registered as `F`.
    let family = unsafe { request.family::<F>() };
    let command = request.command();
    let function = F::OPERATIONS.iter().find_map(|op| match op.kind {
        Kind::Do(function) if op.command == command => Some(function),
        _ => None,
    });
    let Some(function) = function else {
        return -(bindings::EOPNOTSUPP as ffi::c_int);
    };
    match function(family, &request) {
        Ok(reply) => request.send(reply),
        Err(refused) => request.extack().conclude(refused),
    }
}
