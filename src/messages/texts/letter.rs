//! For mailboxes, where there is room to say what a code is for.

use super::{Content, Kind, Mail, fill};
use crate::base::language::Language;

struct Letter {
    /// With the code, which a list of mails then shows.
    subject: &'static str,
    lead: &'static str,
    sign_in: &'static str,
    phone: &'static str,
    mailbox: &'static str,
    secret: &'static str,
    unasked: &'static str,
    phone_changed: [&'static str; 3],
    test: [&'static str; 2],
}

pub fn mail(content: &Content) -> Mail {
    let letter = letter(content.language);
    let code = |purpose| (letter.subject, vec![letter.lead, purpose, letter.secret, letter.unasked]);
    let (subject, paragraphs) = match content.kind {
        Kind::LoginCode => code(letter.sign_in),
        Kind::PhoneChangeCode => code(letter.phone),
        Kind::EmailCode => code(letter.mailbox),
        Kind::PhoneChanged => (letter.phone_changed[0], letter.phone_changed[1..].to_vec()),
        Kind::Test => (letter.test[0], letter.test[1..].to_vec()),
    };
    let body = fill(&paragraphs.join("\n\n"), content) + "\n";
    Mail { subject: fill(subject, content), body }
}

fn letter(language: Language) -> &'static Letter {
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

const ENGLISH: Letter = Letter {
    subject: "{code} is your Chemstock code",
    lead: "Your Chemstock code is {code}.",
    sign_in: "Please enter it in the app to sign in. It is valid for {time}.",
    phone: "Please enter it in the app to confirm your new phone number. It is valid for {time}.",
    mailbox: "Please enter it in the app to confirm that this mailbox is yours. It is valid for {time}.",
    secret: "Never tell it to anybody. Neither Chemstock nor your lab will ever ask you for it.",
    unasked: "If you have not asked for a code, you need not do anything.",
    phone_changed: [
        "Your Chemstock phone number was changed",
        "The phone number of your Chemstock account was changed. From now on, codes go to the new number.",
        "If this was not you, please tell those who run your lab at once.",
    ],
    test: ["A test message of Chemstock", "This is a test message of Chemstock. You need not do anything."],
};

const GERMAN: Letter = Letter {
    subject: "{code} ist Ihr Chemstock-Code",
    lead: "Ihr Chemstock-Code lautet {code}.",
    sign_in: "Bitte geben Sie ihn in der App ein, um sich anzumelden. Er ist {time} lang gültig.",
    phone: "Bitte geben Sie ihn in der App ein, um Ihre neue Telefonnummer zu bestätigen. Er ist {time} lang gültig.",
    mailbox: "Bitte geben Sie ihn in der App ein, um Ihre E-Mail-Adresse zu bestätigen. Er ist {time} lang gültig.",
    secret: "Nennen Sie ihn niemandem. Weder Chemstock noch Ihr Labor wird Sie jemals danach fragen.",
    unasked: "Wenn Sie keinen Code angefordert haben, brauchen Sie nichts zu tun.",
    phone_changed: [
        "Ihre Telefonnummer bei Chemstock wurde geändert",
        "Die Telefonnummer Ihres Chemstock-Kontos wurde geändert. Codes gehen von nun an an die neue Nummer.",
        "Wenn Sie das nicht waren, wenden Sie sich bitte sofort an die Leitung Ihres Labors.",
    ],
    test: [
        "Eine Testnachricht von Chemstock",
        "Dies ist eine Testnachricht von Chemstock. Sie brauchen nichts zu tun.",
    ],
};

const FRENCH: Letter = Letter {
    subject: "{code} est votre code Chemstock",
    lead: "Votre code Chemstock est {code}.",
    sign_in: "Veuillez le saisir dans l'application pour vous connecter. Il est valable {time}.",
    phone: "Veuillez le saisir dans l'application pour confirmer votre nouveau numéro de téléphone. Il est valable {time}.",
    mailbox: "Veuillez le saisir dans l'application pour confirmer votre adresse e-mail. Il est valable {time}.",
    secret: "Ne le communiquez à personne. Ni Chemstock ni votre laboratoire ne vous le demanderont jamais.",
    unasked: "Si vous n'avez pas demandé de code, vous n'avez rien à faire.",
    phone_changed: [
        "Votre numéro de téléphone Chemstock a été modifié",
        "Le numéro de téléphone de votre compte Chemstock a été modifié. Les codes sont désormais envoyés au nouveau numéro.",
        "Si vous n'êtes pas à l'origine de ce changement, prévenez immédiatement les responsables de votre laboratoire.",
    ],
    test: ["Un message de test de Chemstock", "Ceci est un message de test de Chemstock. Vous n'avez rien à faire."],
};

const SPANISH: Letter = Letter {
    subject: "{code} es su código de Chemstock",
    lead: "Su código de Chemstock es {code}.",
    sign_in: "Introdúzcalo en la aplicación para iniciar sesión. Es válido durante {time}.",
    phone: "Introdúzcalo en la aplicación para confirmar su nuevo número de teléfono. Es válido durante {time}.",
    mailbox: "Introdúzcalo en la aplicación para confirmar su dirección de correo. Es válido durante {time}.",
    secret: "No lo comparta con nadie. Ni Chemstock ni su laboratorio se lo pedirán nunca.",
    unasked: "Si no ha solicitado ningún código, no tiene que hacer nada.",
    phone_changed: [
        "Su número de teléfono de Chemstock ha cambiado",
        "El número de teléfono de su cuenta de Chemstock ha cambiado. A partir de ahora, los códigos se envían al número nuevo.",
        "Si no ha sido usted, avise de inmediato a los responsables de su laboratorio.",
    ],
    test: ["Un mensaje de prueba de Chemstock", "Este es un mensaje de prueba de Chemstock. No tiene que hacer nada."],
};

const PORTUGUESE: Letter = Letter {
    subject: "{code} é o seu código do Chemstock",
    lead: "O seu código do Chemstock é {code}.",
    sign_in: "Digite-o no aplicativo para entrar. Ele é válido por {time}.",
    phone: "Digite-o no aplicativo para confirmar o seu novo número de telefone. Ele é válido por {time}.",
    mailbox: "Digite-o no aplicativo para confirmar o seu endereço de e-mail. Ele é válido por {time}.",
    secret: "Não o revele a ninguém. Nem o Chemstock nem o seu laboratório vão pedi-lo a você.",
    unasked: "Se você não pediu um código, não precisa fazer nada.",
    phone_changed: [
        "O seu número de telefone do Chemstock foi alterado",
        "O número de telefone da sua conta do Chemstock foi alterado. A partir de agora, os códigos vão para o novo número.",
        "Se não foi você, avise imediatamente os responsáveis pelo seu laboratório.",
    ],
    test: [
        "Uma mensagem de teste do Chemstock",
        "Esta é uma mensagem de teste do Chemstock. Você não precisa fazer nada.",
    ],
};

const HINDI: Letter = Letter {
    subject: "{code} आपका Chemstock कोड है",
    lead: "आपका Chemstock कोड {code} है।",
    sign_in: "साइन इन करने के लिए कृपया इसे ऐप में दर्ज करें। यह {time} तक मान्य है।",
    phone: "अपने नए फ़ोन नंबर की पुष्टि करने के लिए कृपया इसे ऐप में दर्ज करें। यह {time} तक मान्य है।",
    mailbox: "अपने ईमेल पते की पुष्टि करने के लिए कृपया इसे ऐप में दर्ज करें। यह {time} तक मान्य है।",
    secret: "इसे किसी को न बताएँ। न Chemstock और न आपकी लैब कभी आपसे यह कोड माँगेगी।",
    unasked: "अगर आपने कोड नहीं माँगा था, तो आपको कुछ करने की ज़रूरत नहीं है।",
    phone_changed: [
        "आपका Chemstock फ़ोन नंबर बदल दिया गया है",
        "आपके Chemstock खाते का फ़ोन नंबर बदल दिया गया है। अब से कोड नए नंबर पर भेजे जाएँगे।",
        "अगर यह आपने नहीं किया, तो कृपया तुरंत अपनी लैब के प्रबंधकों को बताएँ।",
    ],
    test: ["Chemstock का परीक्षण संदेश", "यह Chemstock का परीक्षण संदेश है। आपको कुछ करने की ज़रूरत नहीं है।"],
};

const ARABIC: Letter = Letter {
    subject: "{code} هو رمزك في Chemstock",
    lead: "رمزك في Chemstock هو {code}.",
    sign_in: "يرجى إدخاله في التطبيق لتسجيل الدخول. الرمز صالح لمدة {time}.",
    phone: "يرجى إدخاله في التطبيق لتأكيد رقم هاتفك الجديد. الرمز صالح لمدة {time}.",
    mailbox: "يرجى إدخاله في التطبيق لتأكيد عنوان بريدك الإلكتروني. الرمز صالح لمدة {time}.",
    secret: "لا تخبر به أحدًا. لن يطلبه منك Chemstock ولا مختبرك أبدًا.",
    unasked: "إذا لم تطلب رمزًا، فلا يلزمك فعل أي شيء.",
    phone_changed: [
        "تم تغيير رقم هاتفك في Chemstock",
        "تم تغيير رقم هاتف حسابك في Chemstock. من الآن فصاعدًا تُرسل الرموز إلى الرقم الجديد.",
        "إذا لم تكن أنت من فعل ذلك، فيرجى إبلاغ المسؤولين عن مختبرك فورًا.",
    ],
    test: ["رسالة تجريبية من Chemstock", "هذه رسالة تجريبية من Chemstock. لا يلزمك فعل أي شيء."],
};

const CHINESE: Letter = Letter {
    subject: "{code} 是您的 Chemstock 验证码",
    lead: "您的 Chemstock 验证码是 {code}。",
    sign_in: "请在应用中输入此验证码以登录。{time}内有效。",
    phone: "请在应用中输入此验证码以确认您的新手机号。{time}内有效。",
    mailbox: "请在应用中输入此验证码以确认您的邮箱。{time}内有效。",
    secret: "请勿告诉任何人。Chemstock 和您的实验室都不会向您索取验证码。",
    unasked: "如果您没有请求验证码，无需进行任何操作。",
    phone_changed: [
        "您的 Chemstock 手机号已更改",
        "您的 Chemstock 账户的手机号已更改。今后验证码将发送到新号码。",
        "如非本人操作，请立即告知实验室负责人。",
    ],
    test: ["Chemstock 测试消息", "这是 Chemstock 的测试消息，无需进行任何操作。"],
};
