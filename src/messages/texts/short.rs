//! For SMS. The code stands early, where a notification shows it. German, French, Spanish and Portuguese do without the
//! letters that the alphabet of SMS lacks (GSM 03.38 has é, à and ü, but neither ó nor ã), as one of them would make a
//! message more than twice as long.

use super::{Content, Kind, fill};
use crate::base::language::Language;

struct Words {
    login: &'static str,
    phone: &'static str,
    mailbox: &'static str,
    secret: &'static str,
    valid: &'static str,
    phone_changed: &'static str,
    test: &'static str,
}

/// From the one that says everything to the one that says least.
pub fn wordings(content: &Content) -> Vec<String> {
    let words = words(content.language);
    let lead = match content.kind {
        Kind::LoginCode => words.login,
        Kind::PhoneChangeCode => words.phone,
        Kind::EmailCode => words.mailbox,
        Kind::PhoneChanged => return vec![words.phone_changed.to_owned()],
        Kind::Test => return vec![words.test.to_owned()],
    };
    // Chinese puts no space between sentences.
    let gap = if content.language == Language::Chinese { "" } else { " " };
    let (secret, valid) = (words.secret, words.valid);
    let wordings = [
        format!("{lead}{gap}{secret}{gap}{valid}"),
        format!("{lead}{gap}{secret}"),
        lead.to_owned(),
        "Chemstock: {code}".to_owned(),
        "{code}".to_owned(),
    ];
    wordings.iter().map(|words| fill(words, content)).collect()
}

fn words(language: Language) -> &'static Words {
    match language {
        Language::English => &ENGLISH,
        Language::German => &GERMAN,
        Language::French => &FRENCH,
        Language::Spanish => &SPANISH,
        Language::Portuguese => &PORTUGUESE,
        Language::Hindi => &HINDI,
        Language::Arabic => &ARABIC,
        Language::Chinese => &CHINESE,
    }
}

const ENGLISH: Words = Words {
    login: "Your Chemstock code is {code}.",
    phone: "Your Chemstock code is {code}. It makes this your new phone number.",
    mailbox: "Your Chemstock code is {code}. It confirms your e-mail address.",
    secret: "Never tell it to anybody.",
    valid: "Valid for {time}.",
    phone_changed: "The phone number of your Chemstock account was changed. If this was not you, please tell your lab at once.",
    test: "A test message of Chemstock.",
};

const GERMAN: Words = Words {
    login: "{code} ist Ihr Chemstock-Code.",
    phone: "{code} ist Ihr Chemstock-Code. Er bestätigt Ihre neue Telefonnummer.",
    mailbox: "{code} ist Ihr Chemstock-Code. Er bestätigt Ihre E-Mail-Adresse.",
    secret: "Nennen Sie ihn niemandem.",
    valid: "Gültig für {time}.",
    phone_changed: "Die Telefonnummer Ihres Chemstock-Kontos wurde geändert. Waren Sie das nicht, melden Sie es bitte sofort Ihrem Labor.",
    test: "Eine Testnachricht von Chemstock.",
};

const FRENCH: Words = Words {
    login: "{code} est votre code Chemstock.",
    phone: "{code} est votre code Chemstock. Il confirme votre nouveau numéro.",
    mailbox: "{code} est votre code Chemstock. Il confirme votre adresse e-mail.",
    secret: "Ne le donnez à personne.",
    valid: "Valable {time}.",
    phone_changed: "Le numéro de téléphone de votre compte Chemstock a changé. Si ce n'est pas vous, prévenez vite votre laboratoire.",
    test: "Un message de test de Chemstock.",
};

const SPANISH: Words = Words {
    login: "{code} es su clave de Chemstock.",
    phone: "{code} es su clave de Chemstock. Confirma su nuevo teléfono.",
    mailbox: "{code} es su clave de Chemstock. Confirma su correo.",
    secret: "No la comparta con nadie.",
    valid: "Caduca en {time}.",
    phone_changed: "El teléfono de su cuenta de Chemstock ha cambiado. Si no ha sido usted, avise enseguida a su laboratorio.",
    test: "Un mensaje de prueba de Chemstock.",
};

const PORTUGUESE: Words = Words {
    login: "{code} é o seu PIN do Chemstock.",
    phone: "{code} é o seu PIN do Chemstock. Ele confirma o novo telefone.",
    mailbox: "{code} é o seu PIN do Chemstock. Ele confirma o seu e-mail.",
    secret: "Nunca o revele a ninguém.",
    valid: "Expira em {time}.",
    phone_changed: "O telefone da sua conta do Chemstock foi alterado. Se outra pessoa fez isso, avise logo o administrador.",
    test: "Uma mensagem de teste do Chemstock.",
};

const HINDI: Words = Words {
    login: "{code} आपका Chemstock कोड है।",
    phone: "{code} आपके नए फ़ोन नंबर का Chemstock कोड है।",
    mailbox: "{code} आपके ईमेल का Chemstock कोड है।",
    secret: "इसे किसी को न बताएँ।",
    valid: "{time} तक मान्य।",
    phone_changed: "आपका Chemstock फ़ोन नंबर बदला गया। यह आपने नहीं किया? लैब को बताएँ।",
    test: "यह Chemstock का परीक्षण संदेश है।",
};

const ARABIC: Words = Words {
    login: "رمزك في Chemstock هو {code}.",
    phone: "رمز Chemstock لتأكيد رقمك الجديد: {code}.",
    mailbox: "رمز Chemstock لتأكيد بريدك: {code}.",
    secret: "لا تخبر به أحدًا.",
    valid: "صالح لمدة {time}.",
    phone_changed: "تغيّر رقم هاتف حسابك في Chemstock. إن لم تكن أنت فأبلغ مختبرك فورًا.",
    test: "رسالة تجريبية من Chemstock.",
};

const CHINESE: Words = Words {
    login: "{code}是您的Chemstock验证码。",
    phone: "{code}是您的Chemstock验证码，用于确认新手机号。",
    mailbox: "{code}是您的Chemstock验证码，用于确认邮箱。",
    secret: "请勿告诉任何人。",
    valid: "{time}内有效。",
    phone_changed: "您的Chemstock账户的手机号已更改。如非本人操作，请立即告知您的实验室。",
    test: "这是Chemstock的测试消息。",
};
