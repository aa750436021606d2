//! What people say around an error that tells how it is meant: the data of [`super::stance`].
//!
//! Never names a class. All expressions are matched byte by byte, without regard to the case of ASCII letters; `^` and
//! `$` are the ends of a line, `\A` and `\z` those of the text.

/// What a cue does to the judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Force {
    /// Silences whatever else stands there: what says so cannot be an instance (our own card, a placeholder, a test).
    Always,
    /// Speaks for a matter that is closed; nothing of it is left when the text also says that it is back.
    Closed,
    /// Speaks for talk; people who report say such things as well.
    Talk,
    /// Speaks for talk, and is looked for only where nothing is evidence of an instance.
    Hint,
    /// Tells that a closed matter is open again.
    Back,
    /// Asks for help with something that happened.
    Plea,
}

impl Force {
    /// Those that add to the weight of a text.
    pub(super) const WEIGHED: [Self; 5] = [Closed, Talk, Hint, Back, Plea];

    /// Whether the cue counts also when there is evidence of an instance.
    pub(super) fn is_loud(self) -> bool {
        self != Hint
    }

    /// What it adds to the weight of a text, in hundredths, however many of its kind stand there. Chosen on the words of
    /// authors from whom neither the cues nor the weights of words were learned.
    pub(super) fn weight(self) -> i32 {
        match self {
            Always => 0,
            Closed => 150,
            Talk => 75,
            Hint => 60,
            Back => -150,
            Plea => -50,
        }
    }
}

use Force::{Always, Back, Closed, Hint, Plea, Talk};

/// Expression, force, meaning.
pub(super) const CUES: &[(&str, Force, &str)] = &[
    // Closed matters.
    (
        r"\A\W*(?:re:\s*)?(?:resolved|fixed|closed|solved|done)\b(?:\s*[\]:!.]|\s+(?:–|—|-)\s)",
        Closed,
        "a closed matter",
    ),
    (
        r"\b(?:was|is|has been|have been|got|now|been|all|be) (?:resolved|closed|fixed|solved|sorted|mended)\b|\bnever ?mind\b|\bfalse alarm\b|^\W*(?:closing|closed|resolving) |\bclos(?:ing|ed) (?:this|it|the ticket)\b|, closing\b|\bself-?healed\b|\b(?:solved|fixed|resolved) (?:by )?itself\b|\bno need to (?:dig|look|check|act|do)\b|\bclosing the loop\b|\bfor (?:the|an|our) audit\b|\bclose (?:the |this )?case\b|\bclosed (?:today|yesterday)\b|\bnothing open\b|\bno longer (?:happens|fails)\b|\ball gone\b|\b(?:solved|fixed|sorted)!|\bstatus\W+(?:resolved|closed|done|solved|erledigt|resuelto|r\xC3\xA9solu)\b|\bsorted\W*\z|^\W*(?:ok|okay|aha|so|ah)\b,? it was (?:the|a|our)\b|\bresolved\s+(?:–|—|-)\s|\bthe fix was\b|\bthanks[,!]? that\b|\b(?:i|we) (?:fixed|solved|sorted|mended)\b|\b(?:INC|CHG|PRB|RITM|TASK)\d{3,}\b[^\n]*\b(?:resolved|closed)\b|\b(?:resolved|closed)\b[^\n]*\b(?:INC|CHG|PRB|RITM)\d{5,}\b",
        Closed,
        "a closed matter",
    ),
    (
        r"\ball (?:good|green|fine) (?:again|now)\b|(?:^|[.!?] )\W*all (?:good|green|fine)\b|\b(?:is|are|was|were|we're|it's) all (?:good|green|fine)\b|\bwent through\s*(?:[.!,;)]|$|(?:now|fine|ok|okay|again|after|this|today|when|once)\b)|\bretried (?:fine|ok)\b|\b(?:works|working|fine|ok|okay|green|healthy) (?:again|now)\b|\bsorted (?:it|now)\b|\bwent away\b|\bcleared\b|\bwas caused by\b|\bis gone\b|\bdisappeared\b|\bturned out to be\b|\bit was (?:just|only)\b|\blast (?:week|month|quarter|year)(?:'s)?\b[^\n]*\b(?:was|were|had)\b",
        Talk,
        "a closed matter",
    ),
    (
        r"\bcount:? ?[=:]? ?0\b|\bsuccess for (?:all|every)\b|\bstatus\W{1,4}success\b|\b(?:done|finished|through) with the (?:cutover|migration|rollout)\b",
        Hint,
        "a success",
    ),
    // Bots, digests, publications.
    (
        r"^\W*(?:prov|reanchor|help|ops|okta|iam|diag)\w*[- ]?bot\b[^\n]*:|\[(?:approve|reject|deny)\]|\bbot\W{1,4}(?:this |that |it )?(?:(?:looks|sounds|seems) like|is likely|is probably|means|diagnos|i (?:think|found|suggest|recommend))|\b(?:thanks|thank you|good|nice|well done),? bot\b|\brecommended action: reassign\b|\b(?:reanchor|prov\w*|diag\w*|\w*bot) (?-i:APP)\b|\[look up\]|^\W*recogni[sz]ed:\W",
        Always,
        "a bot's own words",
    ),
    (
        r"\b(?:errors?|failures?|tasks?|incidents?|tickets?) (?:this|last) (?:week|month|quarter)\b|\b(?:weekly|daily|monthly) (?:top |error )?(?:report|digest|summary|review|errors?|figures|numbers|stats)\b|\bdigest\b|\bkpis?\b|\bmttr\b|\bask us about\b|\btop (?:cause|offender)s?\b|\btop \d+ (?:errors?|causes?)\b|\b\d+ ?x\b[^\n]*\b\d+ ?x\b|\bdiagnosis (?:for|of|:)|\b(?:returned )?(?:0|no|zero) (?:results|hits|matches)\b|\b0{8}-0{4}-0{4}-0{4}-0{12}|\bsuggested (?:fix|action):",
        Talk,
        "a digest",
    ),
    (
        r"\brelease notes?\b|\bmessage cent(?:er|re)\b|\bsecurity advisory\b|\bservice health\b|\bchangelog\b|\bnewsletter\b|\bwhat's new\b|\bblog post\b|\bwebinar\b|\bknowledge base\b|\bkb article\b|\bdocs? (?:page|article)s?\b|\brunbook\b|\bwiki page\b|\bpost-?mortem\b|\bretrospective\b|\bokta status:|\bannouncement\b|\bOKTA-\d{5,}\b|\bsome customers\b|\bexcerpt\b[:.]?\s*$",
        Talk,
        "a publication",
    ),
    (
        r"\A\W*(?:PR|MR|commit|story) ?#?\d+|\A\W*(?:feat|fix|chore|docs|test|refactor)(?:\([^)]*\))?:|\A\W*TODO\b|^\W{0,4}[0-9a-f]{7,12} (?:feat|fix|chore|docs|test|refactor|revert|ci|build)(?:\([^)\n]*\))?!?:",
        Always,
        "a change",
    ),
    // A ticket may be about talk, or tell of what happened to somebody.
    (r"\A\W*(?:issue|ticket|jira) ?#?\d+", Hint, "a ticket"),
    // Explanations and talk about errors.
    (
        r"\b(?:only|just|usually|always|basically|simply|really|normally|typically|often|mostly) (?:means?|happens|indicates?|shows up|comes (?:from|up))\b|\bis (?:just|simply|only|basically|another word)\b|\bstands for\b|\bmeans that\b|['\x22] means\b|\bmeans (?:the|a|your|somebody|someone|okta|entra|you)\b|\bis (?:the|a) (?:\w+ )?(?:name|code|word|way) (?:for|of|to)\b",
        Talk,
        "an explanation",
    ),
    (
        r"\bif (?:you|we|anyone|anybody|somebody|someone|they|it|that) (?:ever )?(?:see|sees|get|gets|got|hit|hits|run into|shows|says|fails)\b|\bwhen(?:ever)? (?:you|we) (?:ever )?(?:see|get|hit)\b|\bwhen(?:ever)? \S+ (?:shows up|appears|comes up|happens)\b|\b(?:tip|note to self|reminder|rule of thumb|pro tip|fun fact|trivia|til)\b\s*[:,]|(?:^|[.!?] )\W*note\s*[:,]|\brule of thumb\b",
        Talk,
        "an explanation",
    ),
    (
        r"\A\W*(?:lab|exercise|lesson|homework|drill|game ?day|workshop|faq|quiz(?: time)?|module|\xC3\xBCbung|exercice|ejercicio|esercizio) ?#?\d*\s*(?:\([^)\n]*\)\s*)?[:.]|\bin your lab\b|\bpractice (?:question|test|exam)s?\b|\bexercise exercise\b|\bthis is (?:a|an|only a) (?:drill|exercise|test)\b|\binterview q|\b(?:exam|quiz|certification|test) question\b",
        Always,
        "an exercise",
    ),
    (
        r"\bwe simulate\b|\bas a joke\b|\blol\b|\bquiz\b|\btraining\b[^\n]*\b(?:slide|module|deck|session)|\bslide \d+|\bworth a read\b|\btoday i learned\b|\bhandbook\b|\bliterally says\b|\bfor the demo\b|\bin the demo\b|\bexample of\b|\bthings like\b|\blike \S+, \S+ (?:etc|and so on)\b|\betc\b\.?\s*[?)]|\berror text is\b|\bmisleading\b",
        Talk,
        "talk about errors",
    ),
    (
        r"\bthis (?:article|document|page|guide) (?:goes|covers|describes|explains|shows|lists)\b|\bprobable causes?\b|\bissue description\b|\b(?:follow|perform) the (?:following )?steps below\b|\bapplies to:\s|\btroubleshooting scenarios\b",
        Talk,
        "documentation",
    ),
    // Not happened.
    (
        r"\b(?:how (?:would|do|can|could|should) (?:i|we|you|one) (?:reproduce|simulate|test|trigger|handle|classify|detect|document|explain|monitor|alert|search|find out))\b|\bwould (?:give|cause|lead to|result in|throw|produce)\b|\bonce we\b|\bin case\b|\bhypothetical|\bsuppose\b|\bimagine\b|\bexpected otherwise\b|\bdry[- ]run\b|\bplanned for\b|\bto avoid\b|\bcould (?:cause|lead to|give)\b|\bafter the (?:cutover|migration)\b[^\n]*\b(?:will|ping|call)\b|\btomorrow after\b",
        Hint,
        "something that has not happened",
    ),
    (
        r"(?:\A|[:,.!>]\s|\n|\b(?:btw|fyi|hey|so|and|also) )\W*(?:if|when|whenever|once) (?:okta|entra|azure|the|it|this|a|an|somebody|someone)\b[^\n]*(?:\bping\b|\bcall\b|\bdon't\b|\bdo not\b|\blook\b|\bcheck\b|\bretry\b|\bopen\b|\btell\b|\byou (?:have to|need to|should|must|can)\b)",
        Talk,
        "something that has not happened",
    ),
    // Code, queries, configuration.
    (
        r"^[\s`$>#*_]{0,4}(?:(?:grep|rg|egrep|zgrep|awk|sed|kubectl|jq|journalctl)\s|select [^\n]+ from |cat \S+ \||tail -f|index=|sourcetype=|import \w+$|from \w+ import|class \w+[:({]|//\s|(?:const|let|var) \w+ ?=|- (?:pattern|regex|match):|@@ )",
        Talk,
        "code or a query",
    ),
    (
        r"^[\s`]*(?:--- expected|\+\+\+ |(?:async )?def \w+\(|(?:pub )?fn \w+\(|func \w+\(|#\[test\]|describe\(|it\(['\x22]|test\(['\x22])|\bassert(?:_eq|_ne|!|Equals?|That|True)?\s*[(!]|\x22(?:want|expected)\x22\s*:|\.is_some\(\)|\.unwrap\(|\bexpect\(|[=:] ?\[\]?(?:string|object|str)?\{\s*$|\bfixtures?/|\bmock (?:server|data)\b",
        Always,
        "code",
    ),
    (
        r"\bthe (?:unit )?tests? (?:asserts?|checks?|expects?)\b|\braise \w*(?:error|exception)\b|\bthrow new\b|^\s*except \w+\W*$|\bcatch ?\(|\b[A-Za-z_]+ = (?:\[|\{|vec!)|[=!]==? ?['\x22]\w|\bconsole\.log\(|\bprintln!|\breturn (?:new )?\w+\(|\bcase ['\x22]\w+['\x22]:|[\w)'\x22*] ?=> ?['\x22{]|['\x22] ?=> ?(?:\w+(?:::|\(|[,;])|(?:return|true|false|some|none|ok|err)\b)|\.(?:contains|includes|startsWith|test|match|include\?)\(",
        Talk,
        "code",
    ),
    (
        r"\|\s*(?:where|summarize|project|stats|extend|count|top|search|rex)\b|\b(?:eventType|outcome\.result|displayMessage|statusCode|resultType) (?:eq|sw|co|==|!=) |(?:^|[\s('\x22?&])\w[\w.]* (?:eq|co|sw|ne|like) ['\x22]|\bcontains\(['\x22]|\?q=|\bsite:\w+\.",
        Talk,
        "a query",
    ),
    (
        r"\A\W*(?:(?:a|an|the|my|our|new|call|vendor|team) )*(?:sample|example|cheat ?sheet|draft|template)\b[^\n:]*:|\bsample (?:event|message|payload|error)s?\b",
        Always,
        "an example",
    ),
    (
        r"\A\W*(?:(?:a|an|the|my|our|new|call|vendor|team) )*(?:reference|summary|notes?|psa|minutes|protocol)\b[^\n:]*:",
        Hint,
        "talk about errors",
    ),
    (r"^[+-]\s+['\x22][^'\x22\n]+['\x22]: ?['\x22][\w-]+['\x22],?\s*$", Always, "code"),
    (r"^\W{0,4}\w*(?:_map|_mapping|_table|_rules|_patterns|_codes|_labels)\s*[:=]\s*$", Hint, "code"),
    (r"\(\?[imsux]+\)|\bok to merge\b|\x22errorSummary\x22[^\n]*\x22statusCode\x22", Always, "code"),
    (r"^\W{0,4}v?\d+\.\d+\.\d+\s*[:-]\s|^#{2,5} \w{6,80}\s*$|^\W{0,4}AADSTS\d{5,7} ?\| ?\w+ - ", Hint, "documentation"),
    (r"\|\s*:?-{3,}:?\s*\|", Hint, "a table"),
    // Closed matters in other words and languages.
    (
        r"\bno (?:further )?action (?:is )?(?:needed|required)\b|\bnothing (?:left )?to do\b|\b(?:push(?:es)?|provisioning|syncs?|sync) (?:has |have )?resumed\b|\bsucceeded (?:on|after)\b|\b(?:is|are) in now\b|\bgoes? through (?:now|again)\b|\bgel(?:\xC3\xB6|oe?)st\b|\bbehoben\b|\berledigt\b|\b(?:l(?:\xC3\xA4|ae)uft|geht|funktioniert|klappt) (?:jetzt |nun )?wieder\b|\bresuelt[oa]s?\b|\bsolucionad[oa]s?\b|\barreglad[oa]s?\b|\bya (?:funciona|est(?:\xC3\xA1|a) (?:bien|arreglado))|\br(?:\xC3\xA9|e)sol(?:u|ue|us|ution)\b|\br\xC3\xA9gl\xC3\xA9|(?:\bca|\xC3\xA7a) (?:re)?marche\b|\brisolt[oa]\b|\bresolvid[oa]\b|\bopgelost\b|\bhas been working\b|\btout est (?:bon|ok|rentr\xC3\xA9)\b|\bc'est bon\b|\bya qued\xC3\xB3|\bsin problemas?\b|\bsistemat[oa]\b|\bnon c'\xC3\xA8 pi\xC3\xB9|\bsumiu\b|\bpode(?:m)? fechar\b|\bgewoon goed\b|\bis (?:weer |nu )?weg\b|\bhersteld\b|\brozwi\xC4\x85zan[aey]\b|\bprzesz\xC5\x82o\b|\bnaprawion[aeoy]\b|\xC3\xA5tg\xC3\xA4rdat\b|\xC3\xA4r (?:nu )?(?:l\xC3\xB6st|\xC3\xA5tg\xC3\xA4rdat)\b|\bfungerar (?:nu|igen)\b|\bvirker (?:igen|igjen|n\xC3\xA5|nu)\b|\bfikset\b|\bvy\xC5\x99e\xC5\xA1en[ao]\b|\bkorjattu\b|\bkein handlungsbedarf\b|\balles (?:wieder )?gr\xC3\xBCn\b|\bkein fehler mehr\b|\b(?:zero|no|0) (?:new |export )?errors (?:since|now|left)\b|\bplus d'erreurs?\b|\bsin errores desde\b|\xE8\xA7\xA3\xE6\xB6\x88\xE6\xB8\x88|\xE8\xA7\xA3\xE6\xB1\xBA(?:\xE3\x81\x97\xE3\x81\xBE\xE3\x81\x97\xE3\x81\x9F|\xE6\xB8\x88)|\xE3\x82\xAF\xE3\x83\xAD\xE3\x83\xBC\xE3\x82\xBA|\bservicio restaurado\b",
        Closed,
        "a closed matter",
    ),
    (r"\bno more \S+|\bok, no\b", Hint, "a success"),
    // Pages of a vendor's state, plans, releases.
    (
        r"^\W*(?:investigating|identified|monitoring|scheduled|update) ?(?:-|\u{2013}|\]|:)|\bwe are (?:currently )?investigating\b|\b(?:customers|users|admins|tenants) (?:may|might|could)\b|\bmay (?:receive|see|experience|encounter)\b|\bscheduled maintenance\b|\bduring this window\b|\belevated (?:error|latency|rates?)\b|\ba fix (?:is being|has been) (?:deployed|rolled|implemented)\b|\bnext update\b",
        Hint,
        "a publication",
    ),
    (r"\b(?:customers|some users) (?:may|might) (?:see|receive|experience|encounter)\b", Talk, "a publication"),
    (r"^#{1,4} \[?v?\d+\.\d+|^#{1,4} (?:added|changed|fixed|removed|deprecated|security)\s*$", Always, "a publication"),
    // The forms of documentation: causes and what to do about them, steps, lists of codes.
    (
        r"^\W{0,6}(?:root |possible )?(?:cause|causes|ursache|causa|symptom|symptoms|problem)\b[^\n]*\n(?s:.*)^\W{0,6}(?:\d+[.)]? )?(?:resolution|solution|fix|remedy|remediation|l(?:\xC3\xB6|oe?)sung|soluci(?:\xC3\xB3|o)n|how to fix)\b\W",
        Hint,
        "documentation",
    ),
    (
        r"^#{1,4} (?:cause|root cause|symptoms?)\s*$(?s:.*)^#{1,4} (?:resolution|solution|fix|remediation|steps)\s*$",
        Always,
        "documentation",
    ),
    (
        r"\bto (?:resolve|work around|mitigate) (?:this|the) (?:issue|problem|error), (?:grant|set|open|go|assign|remove|add|run|check|use|give|restore)\b|\b(?:navigate|browse) to\b|\bsee also\b|\bcommon (?:\w+ )?errors?\b|\bwhat it means\b|\berror codes?:?\s*\|",
        Hint,
        "documentation",
    ),
    (
        r"\bin this article\b|^\W*(?:prerequisites|related (?:articles|content|information))\s*$|\b\d+ min(?:utes)? read\b|\bwas this (?:page|article|information) helpful\b",
        Always,
        "documentation",
    ),
    (
        r"^2\d\d (?:ok|created|accepted|no content)\b[^\n]*\n\W*4\d\d\b|\byou should see\b|\ba\) [^\n]*\bb\) |<(?:user|upn|object|tenant|guid|app|group)[_ -]?(?:id|name|guid)?>",
        Hint,
        "documentation",
    ),
    (r"^\s*responses:\s*$|\x22example\x22:", Always, "documentation"),
    (
        r"=<(?:user|login|upn|id|guid|code|status|message|name|error|reason|text|object|tenant|app|group|value|your)[\w -]*>|\b(?:user|app|group|code|login|message|tenant|domain) <[a-z][a-z _-]*>|\b(?:john|jane) (?:doe|roe)\b|\b(?:fictional|fictitious|made[- ]up|dummy|fake|invented|fiktive[rns]?|erfundene[rns]?) (?:\w+ )?(?:data|users?|names?|values?|person|people|daten|namen)\b|\bdonn\xC3\xA9es fictives\b|\bdatos ficticios\b|\bdados fict\xC3\xADcios\b|\bdati fittizi\b|\bdane zmy\xC5\x9Blone\b|\xE6\x9E\xB6\xE7\xA9\xBA|['\x22 ]\{(?:user|login|upn|id|guid|name|message|error|reason|request-id|userid|objectid|email)\}",
        Always,
        "a placeholder",
    ),
    (
        r"\bmustermann\b|@[\w.-]+\.(?:test|invalid)\b|\[(?:(?:first|last|your) name|benutzer|absender|vorname|nombre|usuario)\]|\b(?:hallo|hello|hi|dear|hola|bonjour) \[name\]|%[sd]\b|\{\{",
        Talk,
        "a placeholder",
    ),
    (r"\bto app [^:\n]* (?:succeeded|was successful|completed)\b", Always, "a success"),
    (
        r"\b(?:AND|OR) (?:NOT )?\w+:|\bMO\d{6,7}\b|\b\d+ ?% (?:de|del|der|des|di|das|dos|van|z)\b|\b\d+ ?% of (?:operations|requests|calls|users|tasks|all|the|our|pushes|errors|failures)\b|\x22, \x22[^\x22\n]+\x22, \x22|\b1\) [^\n]*\b2\) |\(1\) [^\n]*\(2\) |\b(?:r\xC3\xA9union|reuni\xC3\xB3n|reuni\xC3\xA3o|riunione|vergadering|besprechung|protokoll)\b|^\W*(?:timeline|lessons?(?: learned)?|lektion|action items?):|\bpost-incident\b|\bplease ignore\b|\bheads?-up\b|\b(?:shout-?out|kudos)\b|\bpanels?\b|\ban\xC3\xA1lisis posterior\b|\bim test\b|\btest(?:daten|datensatz|fall|f\xC3\xA4lle)\b|\b(?:le|der|el|il|de|the) bot\b|\bangenommen\b|\b(?:betyder|oznacza|bedeutet|signifie|betekent)\b|\blikelihood\b|\brelationship status\b|\bvar m\xC4\xB1|\bsupon(?:gamos|iendo)\b|\bsupposons\b|\b(?:extrait|extracto|auszug|estratto) (?:de|d'|del|aus|da)\b|\bappara\xC3\xAEt (?:lorsqu|quand)|\baparece (?:cuando|quando)\b|\bappare quando\b|\btritt auf, wenn\b|\bz ciekawo\xC5\x9Bci\b|\bcontains\(|^\s*run: |\b(?:tooltip|microcopy|tagline|headline)\b|\A\W*(?:feature request|idea|proposal|suggestion|rfc|epic|poll|survey)\b",
        Hint,
        "talk about errors",
    ),
    (
        r"\b(?:1{8}-1{4}|2{8}-2{4}|3{8}-3{4}|a{8}-a{4}|12345678-1234|deadbeef|x{8}-x{4})-|request-id\W+0{8}-0{4}",
        Always,
        "a placeholder",
    ),
    (
        r"^\s*1[.)] (?:copy|open|go|check|look|find|restore|get|verify|confirm|click|select|remove|add|assign|set|run|compare|restart|navigate|sign)\b|^\W{0,3}\[[ x]\] \w|\bchecklist\b|['\x22/]<\w+>",
        Hint,
        "documentation",
    ),
    (
        r"\b(?:we're|we are|now) hiring\b|\bhiring\s*[!:]|\blooking for an? (?:\w+ )*(?:engineer|contractor|admin|administrator|specialist|freelancer|consultant)\b|\(m/[fw]/d\)|\bjob (?:ad|advert|opening|posting)\b|\bwe (?:are|were) not affected\b",
        Talk,
        "a publication",
    ),
    (
        r"\bmy (?:dating|love|life|brain|cat|dog|weekend|motivation|diet|coffee)\b|\bcoffee\b|\xF0\x9F\x98\x82|\xF0\x9F\xA4\xA3|\bhaha|\bi'm dead\b",
        Hint,
        "a joke",
    ),
    (
        r"^\W*from the (?:\w+ )?(?:reference|docs|documentation|spec|specification|manual)\b|\x22examples?\x22\s*:|\x22\$schema\x22|^\W*applies to\s*$|\buser <user(?:name)?>|\A\W*v?\d+\.\d+(?:\.\d+)? \(",
        Always,
        "documentation",
    ),
    (
        r"\b(?:chatgpt|copilot|claude|gemini|perplexity|the (?:ai|llm)) (?:says|said|thinks|suggests|answers)\b",
        Talk,
        "a bot's own words",
    ),
    (r"\binsert into \w+|\bcreate table\b|\bvalues \(['\x22]|\balert definition\b", Talk, "code"),
    (
        r"\b(?:nearly|almost) always\b|\bcontains ['\x22]|^\W*condition:|^\s*examples?:|\b(?:in|per|see) the (?:\w+ )?(?:reference|docs|documentation|manual)\b|^\S*/\S+\.(?:json|ya?ml|snap|txt)\W*$|\A\W*(?:release|version) v?\d+(?:\.\d+)*\b|\bindicates that\b|\bis returned by\b|\bif (?:okta|entra|graph|azure|it|the (?:task|log|job)) (?:prints|says|shows|answers|returns|reports|complains)\b|\bnever do this\b|^\W*step \d+\w?\b|\bmust know\b|\brate on request\b",
        Hint,
        "talk about errors",
    ),
    (
        r"\b(?:archive|close) this (?:case|ticket)\b|\bcase (?:has been|will be|is) closed\b|\bthank you for contacting\b|\bback to (?:normal|green)\b|\bfor the record\b",
        Closed,
        "a closed matter",
    ),
    (r"\bscheduled report\b|\btotal:? 0\b|\bmonitored\b", Hint, "a digest"),
    (r"\broses are red\b|\bmy (?:kids?|son|daughter|mom|mum|boss|neighbou?r)\b|\bbedtime\b", Hint, "a joke"),
    // Counts beside several names.
    (
        r"\(\d+\)[^\n(]*\(\d+\)|[a-z]:? \d+, (?:[a-z]+ )+\d+, (?:[a-z]+ )+\d+|\b(?:numbers|figures|stats) for\b|\btop (?:failures?|errors?)\b",
        Hint,
        "a digest",
    ),
    // Speaking of errors in general.
    (
        r"\bwhenever\b|\bway of (?:telling|saying)\b|\bthink of (?:it|this|that)\b|\bthe reason\b[^.\n]*\bis\b|\bwould have\b|\bin (?:general|theory|principle)\b|\bgenerally\b|\bzur (?:erkl|info)|\bman muss\b|\bimmer (?:dann|wenn)\b|\ben (?:general|principio|g(?:\xC3\xA9|e)n(?:\xC3\xA9|e)ral)\b|\bc'est pour\b|\bfor the (?:design|record|review|training|workshop|docs|runbook|wiki|exam)\b|\bcheat ?sheet\b|\bminutes \d|\bnext meeting\b|\bif (?:some|any)(?:one|body) \w+s\b|\bif (?:we|i|you|they) \w+ed\b[^?\n]*\bwould\b|\bwhen (?:okta|entra|graph|azure|microsoft|it|the app) (?:says|answers|shows|reports|returns)\b|\b(?:cuando|quando|quand|wenn|lorsque) (?:okta|entra|graph|azure)\b|\b(?:if|when) the (?:\w+ )?(?:log|task|page|job|mail) (?:says|shows|reads)\b|\bfor (?:the|our|all) (?:newcomers|new (?:folks|people|starters|colleagues)|newbies)\b|\S = (?:the|a|an|some(?:body|one)|no|not|your|you)\b|\bbookmark\b|\bMC\d{6,7}\b|\bwe (?:will|would|'ll|'d) (?:see|get|hit)\b",
        Hint,
        "talk about errors",
    ),
    (
        r"\bweet iemand\b|\b(?:alguien|algu(?:\xC3\xA9|e)m|quelqu'un|jemand|iemand|qualcuno|anyone|anybody|someone|somebody)\b(?: \S+)? (?:sabe|conoce|conhece|conna(?:\xC3\xAE|i)t|sait|wei(?:\xC3\x9F|ss)|kennt|weet|sa|knows?|knew|explica|explicar|explain|erkl(?:\xC3\xA4|ae)ren|expliquer)\b|\bwas (?:genau |eigentlich )*(?:bedeutet|hei(?:\xC3\x9F|ss)t|meint)\b|\bcosa vuol dire\b|\bque (?:veut|quiere|quer) (?:dire|dizer|decir)\b|\bunterschied zwischen\b|\bdiff(?:\xC3\xA9|e)rence entre\b|\bdiferen(?:cia|\xC3\xA7a) entre\b|\bverschil tussen\b|\bdifference between\b|^\W*(?:frage|pregunta|question|pergunta|domanda|vraag)\b|\bs(?:\xC3\xB3|o) curiosidad",
        Hint,
        "a question",
    ),
    // More code.
    (
        r"\.equals(?:ignorecase)?\(|\boptional\.\w+\(|\bexport (?:const|default|function)\b|\brecord<|\bstrings\.contains|\bcatch \{|-match '|^\s*given [^\n]*\n\s*(?:when|and|then) |\btestdata/|__(?:mocks|tests|snapshots)__|\b(?:second|another|new) test case for\b|^- alert:|\bexpr: |\bfixture (?:for|of|in)\b|\btest fixture\b|\bwiremock\b|\burlpath(?:pattern)?\b|\bjsonbody\b|\bmock (?:for|of|response)\b|\bstub(?:s|bed)? (?:for|response)\b",
        Always,
        "code",
    ),
    (
        r"^\s*['\x22]?\w+['\x22]?\s*: '[\w -]+',?\s*$|^\s*(?:scenario|feature|background|expect(?:ed|s)?):|\bunit tests?\b|^\W*last updated\b|^\W*next steps\s*$|\bfyi\b\s*[:,]",
        Hint,
        "code",
    ),
    (
        r"\bagain today\b|\b(?:is|it's|it is|they are|they're) back\b|\bcame back\b|\bre-?appear\w*\b|\bhappens again\b|\bfails? again\b|\bfailing again\b|\bfailed again\b|\bstill (?:fail\w*|broken|see\w*|get\w*|the same|not|happen\w*|stuck|every|each|all|no|can't|cannot|dies|errors?|red)\b|\baber (?:nicht|noch)\b|\btrotzdem\b|\bpero no\b|\b(?:but|except|only) (?:not |for |with )?(?:her|him|this|these|one|he|she|two|three)\b|\breopen\w*\b|\bnot (?:fixed|resolved|solved)\b|\bsame error\b|\bnicht (?:behoben|gel(?:\xC3\xB6|oe?)st|erledigt|wieder)\b|\bimmer noch\b|\bweiterhin\b|\bsigue[n]? (?:fallando|igual|saliendo|dando)\b|\btoujours (?:pas|en|le|la)\b|\bno (?:se ha|est(?:\xC3\xA1|a)) (?:resuelto|solucionado|arreglado)\b|\bwieder (?:da|aufgetreten|derselbe|dieselbe)\b",
        Back,
        "it is back",
    ),
    (
        r"\b(?:please|pls|plz) (?:help|check|look|advise|fix|have|take|assist|investigate|unblock)\b|\b(?:can|could|would) (?:some ?one|some ?body|any ?one|any ?body|you)\b|\bany (?:idea|ideas|clue)\b|\b(?:need|needs) help\b|\bwho (?:can help|owns)\b|\b(?:this|that|same|my|one|the) (?:user|joiner|starter|leaver|colleague)\b|\bcan't (?:log|sign)\b|\bcannot (?:log|sign)\b|\bstarts (?:on |next )?(?:today|tomorrow|monday|tuesday|wednesday|thursday|friday)\b|\bsince (?:this|yesterday|monday|tuesday|wednesday|thursday|friday|the)\b|\b(?:new joiner|blocked|urgent|asap)\b|\bkann (?:das |da |sich |bitte |mal )*jemand\b|\bbitte (?:um hilfe|pr\xC3\xBCfen|mal|anschauen|helfen)\b|\bwer kann\b|\bseit (?:heute|gestern|montag)\b|\bquelqu'un (?:peut|pourrait)\b|\bpouvez-vous\b|\bdepuis (?:ce matin|hier|lundi)\b|\balguien (?:puede|podr\xC3\xADa)\b|\bdesde (?:hoy|ayer|ontem|esta|el|hoje)\b|\balgu\xC3\xA9m (?:pode|consegue)\b|\bqualcuno pu\xC3\xB2|\bda (?:ieri|stamattina)\b|\bkan iemand\b|\bsinds (?:gisteren|vanochtend)\b|\bkan (?:noen|n\xC3\xA5gon|nogen)\b|\bczy kto\xC5\x9B|\bany fix\b",
        Plea,
        "a request for help",
    ),
];

/// A sentence that asks about an error, after requests for help were taken away: it begins with a question word, or
/// ends in `right?`.
pub(super) const QUESTION: &str = r"^\W*(?:(?:hey|hi|hello|hallo|zusammen|there|good|morning|btw|quick (?:one|question)|question|so|and|but|also|ok|folks|team|all|guys|everyone|fyi|@\w+|:\w+:|<[^>]*>)\W+)*(?:is|are|was|were|does|do|did|can|could|what|which|how|why|who|whose|when|where|should|would|has|have|will|any ?one|any ?body|some ?one|somebody|whats|what's|how's|who's|is there)\b[^?]*\?|\b(?:right|correct|no|yes|isn't it|doesn't it)\?|^\W*(?:(?:und|also|moin|hallo|hola|bonjour|hi|salut|ciao)\W+)?(?:wie|wieso|warum|weshalb|welche[rsn]?|wer|wo|hoe|wat|waarom|comment|pourquoi|quel(?:le)?s?|que?|come|cosa|como|c\S+mo|c'est quoi|czy|jak|dlaczego|hva|hvorfor|hvad|varf\S+r|vad|hur|miksi|mik\S|pro\S+|neden)(?:\W)[^?]*\?|,\s*would\b[^?]*\?|:\s*(?:which|what is|what's)\b[^?]*\?|\b(?:does any|do we|do you|can we|could we|should we|would it|is there a|are there any)\w*\b[^?]*\?";
/// Requests for help beside a pasted error: they ask for an answer and say nothing about the error.
pub(super) const HELP: &str = r"\b(?:any (?:idea|ideas|clue|thoughts|hints?|help|news)|any ?one(?: else)?(?: seeing (?:this|it))?|(?:can|could|would) (?:some ?one|some ?body|any ?one|any ?body|you|we)(?: \w+)* (?:check|look|help|see|fix|take a look|have a look|advise|investigate)(?: (?:into|at))?(?: (?:this|it|please|pls))*|help|thoughts|known issue|ideas|what (?:now|to do|next)|same as yesterday|same (?:thing )?as \w+|again|(?:do|did) you (?:see|know) this|who can help|alguna idea|algu\S+m (?:pode|consegue) (?:ver|ajudar|olhar)|alguien (?:puede|podr\S+a) (?:mirar|ayudar|revisar|echar)[^?\n]*|alguien sabe qu\S+ (?:hacer|pasa)|kann (?:da |das |sich )?(?:bitte )?(?:mal )?jemand[^?\n]*|jemand eine idee|(?:une |des )?id\S+es?|quelqu'un peut (?:regarder|aider|voir)[^?\n]*|on fait quoi|was tun|qu\S+ hacemos|ideen)\s*\?+";
/// Words of politeness around a text, in the order of their bytes: without them it may be a code word alone.
pub(super) const PLEASANTRIES: &[&str] = &[
    "all", "also", "and", "btw", "cheers", "everyone", "folks", "fyi", "good", "guys", "hallo", "hello", "hey", "hi",
    "jo", "morning", "no", "ok", "one", "or", "please", "pls", "question", "quick", "rush", "so", "team", "thanks",
    "thank", "thx", "you", "zusammen",
];
/// Systems of others; with weak signs the error is theirs.
pub(super) const OTHERS: &str = r"\b(?:jira|confluence|npm|docker|github|gitlab|jenkins|grafana|kubernetes|k8s|nginx|mysql|postgres|redis|pagerduty|datadog|vpn|printer|zscaler|wifi|wi-fi|intranet|artifactory|chatgpt|openai|copilot|garmin|chrome|firefox|safari|steam|netflix)\b";
/// Systems of ours; where none is named, the error is that of the other system also with strong signs.
pub(super) const OURS: &str =
    r"okta|entra|azure|graph|office ?365|[om]365|microsoft|exchange|scim|provision|aadsts|immutable|\baad\b|to app\b";
