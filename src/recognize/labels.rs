//! What a guid is called: the labels of the vendors, their tools and portals, in several languages.
//!
//! Never gives a guid a meaning without a label. Begin with [`guid_field`].

use super::before::Before;
use crate::domain::diagnosis::FieldName;

/// What stands before a guid (letters and digits only, longest first) and what it makes of it. `None`: known, but not
/// one of our fields. Here, that of an id; below, whatever else it may be.
const IDS: &[(&str, Option<FieldName>)] = &[
    ("clientrequestid", Some(FieldName::ClientRequestId)),
    ("correlationrequestid", Some(FieldName::CorrelationId)),
    ("conflictingobjectid", Some(FieldName::ConflictingObjectId)),
    ("groupwithobjectid", None),
    ("changeid", None),
    ("cycleid", None),
    ("ruleid", None),
    ("policyid", None),
    ("deviceid", None),
    ("sessionid", None),
    ("operationid", None),
    ("keyid", None),
    ("secretid", None),
    ("objectguid", None),
    ("groupid", None),
    ("jobid", None),
    ("machineid", None),
    ("serviceprincipalid", None),
    ("requestid", Some(FieldName::RequestId)),
    ("anforderungsid", Some(FieldName::RequestId)),
    ("requestguid", Some(FieldName::RequestId)),
    ("traceid", Some(FieldName::TraceId)),
    ("trackingid", Some(FieldName::TraceId)),
    ("correlationid", Some(FieldName::CorrelationId)),
    ("korrelationsid", Some(FieldName::CorrelationId)),
    ("ablaufverfolgungsid", Some(FieldName::TraceId)),
    ("skuid", Some(FieldName::SkuId)),
    ("tenantid", Some(FieldName::TenantId)),
    ("directoryid", Some(FieldName::TenantId)),
    ("mandantenid", Some(FieldName::TenantId)),
    ("applicationwithid", Some(FieldName::AppId)),
    ("applicationid", Some(FieldName::AppId)),
    ("clientid", Some(FieldName::AppId)),
    ("anwendungsid", Some(FieldName::AppId)),
    ("appid", Some(FieldName::AppId)),
    ("sourceidentityid", Some(FieldName::ExternalId)),
    ("externalid", Some(FieldName::ExternalId)),
    ("objectid", Some(FieldName::ExternalId)),
    ("userid", Some(FieldName::ExternalId)),
    ("userwithid", Some(FieldName::ExternalId)),
    ("objectwithid", Some(FieldName::ExternalId)),
    ("objektid", Some(FieldName::ExternalId)),
    ("extid", Some(FieldName::ExternalId)),
];
const OTHERS: &[(&str, Option<FieldName>)] = &[
    ("conflictingobject", Some(FieldName::ConflictingObjectId)),
    ("conflictingobjects", Some(FieldName::ConflictingObjectId)),
    ("objectidinconflictvalue", Some(FieldName::ConflictingObjectId)),
    ("objectidinconflict", Some(FieldName::ConflictingObjectId)),
    ("conflictswith", Some(FieldName::ConflictingObjectId)),
    ("assignedbygroup", None),
    ("serviceprincipals", None),
    ("iddesolicitud", Some(FieldName::RequestId)),
    ("iddelademande", Some(FieldName::RequestId)),
    ("iddecorrelacin", Some(FieldName::CorrelationId)),
    ("iddecorrlation", Some(FieldName::CorrelationId)),
    ("iddecorrelao", Some(FieldName::CorrelationId)),
    ("correlation", Some(FieldName::CorrelationId)),
    ("iddeseguimiento", Some(FieldName::TraceId)),
    ("iddesuivi", Some(FieldName::TraceId)),
    ("iddetrace", Some(FieldName::TraceId)),
    ("sku", Some(FieldName::SkuId)),
    ("withaccount", Some(FieldName::TenantId)),
    ("tenant", Some(FieldName::TenantId)),
    ("mandant", Some(FieldName::TenantId)),
    ("inquilino", Some(FieldName::TenantId)),
    ("inthedirectory", Some(FieldName::TenantId)),
    ("stswindowsnet", Some(FieldName::TenantId)),
    ("microsoftonlinecom", Some(FieldName::TenantId)),
    ("application", Some(FieldName::AppId)),
    ("withidentifier", Some(FieldName::AppId)),
    ("appregistration", Some(FieldName::AppId)),
    ("forapp", Some(FieldName::AppId)),
    ("theapp", Some(FieldName::AppId)),
    ("toaccess", Some(FieldName::AppId)),
    ("umauf", Some(FieldName::AppId)),
    ("conelidentificador", Some(FieldName::AppId)),
    ("comoidentificador", Some(FieldName::AppId)),
    ("aveclidentificateur", Some(FieldName::AppId)),
    ("conlidentificatore", Some(FieldName::AppId)),
    ("mitdembezeichner", Some(FieldName::AppId)),
    ("anwendung", Some(FieldName::AppId)),
    ("pouraccder", Some(FieldName::AppId)),
    ("paraaccedera", Some(FieldName::AppId)),
    ("peraccederea", Some(FieldName::AppId)),
    ("paraacessar", Some(FieldName::AppId)),
    ("serviceplan", Some(FieldName::ConflictingObjectId)),
    ("toapp", Some(FieldName::AppId)),
    ("serviceplans", Some(FieldName::ConflictingObjectId)),
    ("csobjectidentifier", Some(FieldName::ExternalId)),
    ("resource", Some(FieldName::ExternalId)),
    ("users", Some(FieldName::ExternalId)),
    ("user", Some(FieldName::ExternalId)),
    ("member", Some(FieldName::ExternalId)),
    ("deleteditems", Some(FieldName::ExternalId)),
    ("directoryobjects", Some(FieldName::ExternalId)),
    ("object", Some(FieldName::ExternalId)),
    ("eq", Some(FieldName::ExternalId)),
];

/// What stands behind a guid and names it.
const BEHIND: &[(&str, FieldName)] = &[
    ("is the tracking id", FieldName::TraceId),
    ("(tracking id", FieldName::TraceId),
    ("is the trace id", FieldName::TraceId),
    ("(trace id", FieldName::TraceId),
    ("is the request id", FieldName::RequestId),
    ("is the request-id", FieldName::RequestId),
    ("(request id", FieldName::RequestId),
    ("(request-id", FieldName::RequestId),
    ("is the correlation id", FieldName::CorrelationId),
    ("(correlation id", FieldName::CorrelationId),
];

/// The field that a guid is by what stands before and after it; `None`: a guid of another kind, or one without a label.
pub(super) fn guid_field(before: &Before<'_>, after: &str) -> Option<FieldName> {
    if before.sign == b'_' {
        let object = ["user", "group", "contact", "device", "orgcontact", "publicfolder", "serviceprincipal"];
        return object.iter().any(|o| before.ends_with(o)).then_some(FieldName::ConflictingObjectId);
    }
    if before.sign == b'.' {
        return None;
    }
    let after = after.trim_start_matches(['\'', '"', ' ', '`']);
    if after.starts_with("directory") {
        return Some(FieldName::TenantId);
    }
    if let Some((_, field)) = BEHIND.iter().find(|(label, _)| after.starts_with(label)) {
        return Some(*field);
    }
    if before.ends_with("oid") && before.sign == b'=' {
        return Some(FieldName::ExternalId);
    }
    if before.ends_with("id") && after.get(..24).is_some_and(|a| a.contains("activityDateTime")) {
        return Some(FieldName::ClientRequestId);
    }
    let labels = if before.ends_with("id") { IDS } else { OTHERS };
    labels.iter().find(|(word, _)| before.ends_with(word)).and_then(|(_, field)| *field)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Forms of labels as vendors, tools and people write them, `@` where the guid stands.
    const FORMS: &[(&str, FieldName)] = &[
        ("request-id: @", FieldName::RequestId),
        ("requestId=@", FieldName::RequestId),
        ("\"request-id\":\"@\"", FieldName::RequestId),
        ("x-ms-request-id: @", FieldName::RequestId),
        ("request_id='@'", FieldName::RequestId),
        ("Request Id - @", FieldName::RequestId),
        ("Anforderungs-ID: @", FieldName::RequestId),
        ("ID de solicitud: @", FieldName::RequestId),
        ("client-request-id=@", FieldName::ClientRequestId),
        ("ClientRequestId : @", FieldName::ClientRequestId),
        ("x-ms-client-request-id: @", FieldName::ClientRequestId),
        ("Correlation ID: @", FieldName::CorrelationId),
        ("correlation_id=@", FieldName::CorrelationId),
        ("x-ms-correlation-request-id: @", FieldName::CorrelationId),
        ("Korrelations-ID: @", FieldName::CorrelationId),
        ("ID de corrélation : @", FieldName::CorrelationId),
        ("Trace ID: @", FieldName::TraceId),
        ("trace_id\":\"@", FieldName::TraceId),
        ("Tracking Id: @", FieldName::TraceId),
        ("Ablaufverfolgungs-ID: @", FieldName::TraceId),
        ("Tenant ID: @", FieldName::TenantId),
        ("tenant @", FieldName::TenantId),
        ("Directory (tenant) ID @", FieldName::TenantId),
        ("https://login.microsoftonline.com/@/oauth2", FieldName::TenantId),
        ("Application (client) ID: @", FieldName::AppId),
        ("appId=@", FieldName::AppId),
        ("client_id=@", FieldName::AppId),
        ("Application with identifier '@'", FieldName::AppId),
        ("verwenden, um auf \"@\" zuzugreifen", FieldName::AppId),
        ("la aplicación con el identificador \"@\" denominada", FieldName::AppId),
        ("pour accéder à '@'", FieldName::AppId),
        ("@ is the tracking id", FieldName::TraceId),
        ("skuId: @", FieldName::SkuId),
        ("Subscription with SKU @", FieldName::SkuId),
        ("Object ID: @", FieldName::ExternalId),
        ("oid=@", FieldName::ExternalId),
        ("/v1.0/users/@", FieldName::ExternalId),
        ("directory/deletedItems/@", FieldName::ExternalId),
        ("Resource '@' does", FieldName::ExternalId),
        ("User_@", FieldName::ConflictingObjectId),
        ("Conflicting object: @", FieldName::ConflictingObjectId),
    ];

    #[test]
    fn a_guid_is_named_by_its_label() {
        let field = |form: &str| {
            let at = form.find('@').unwrap();
            guid_field(&Before::of(form, at), form.get(at + 1..).unwrap_or_default())
        };
        for (form, want) in FORMS {
            assert_eq!(field(form), Some(*want), "{form}");
        }
        for form in
            ["@", "Change ID: @", "jobId=@", "groupId: @", "Machine Id @", "objectGUID: @", "policyId=@", "Cycle ID @"]
        {
            assert_eq!(field(form), None, "{form}");
        }
    }
}
