"""All words of an invoice, in each of its languages; another language is one column more."""

from __future__ import annotations

from collections.abc import Mapping

LANGUAGES = ("en", "de", "fr", "ja")
"""In the order of the columns below; the first is for every other language."""

LABELS: Mapping[str, tuple[str, str, str, str]] = {
    "invoice": ("Invoice", "Rechnung", "Facture", "請求書"),
    "credit_note": ("Credit note", "Rechnungskorrektur", "Avoir", "返還請求書"),
    "draft": (
        "Draft, not an invoice",
        "Entwurf, keine Rechnung",
        "Brouillon, sans valeur de facture",
        "下書き(請求書ではありません)",
    ),
    "void": ("Void", "Storniert", "Annulée", "無効"),
    "number": ("Number", "Nummer", "Numéro", "番号"),
    "issue_date": ("Date of issue", "Ausstellungsdatum", "Date d'émission", "発行日"),
    "due_date": ("Due date", "Fällig am", "Date d'échéance", "支払期限"),
    "service_period": ("Service period", "Leistungszeitraum", "Période de service", "利用期間"),
    "account": ("Account", "Kundenkonto", "Compte client", "アカウント"),
    "currency": ("Currency", "Währung", "Devise", "通貨"),
    "seller": ("From", "Rechnungssteller", "Émetteur", "発行者"),
    "buyer": ("Bill to", "Rechnungsempfänger", "Client", "請求先"),
    "tax_number": ("Tax number", "Steuernummer/USt-IdNr.", "Numéro fiscal", "登録番号"),
    "lines": ("Items", "Positionen", "Prestations", "明細"),
    "description": ("Description", "Beschreibung", "Désignation", "品目"),
    "quantity": ("Quantity", "Menge", "Quantité", "数量"),
    "unit_price": ("Unit price", "Einzelpreis", "Prix unitaire", "単価"),
    "tax": ("Tax", "Steuer", "Taxe", "税率"),
    "amount": ("Amount", "Betrag", "Montant", "金額"),
    "correction": ("Correction", "Korrektur", "Correction", "訂正"),
    "corrects": ("of {number}", "zu {number}", "de {number}", "対象:{number}"),
    "revised": (
        "from {before} to {now}",
        "von {before} auf {now}",
        "de {before} à {now}",
        "{before} から {now} へ",
    ),
    "usage": ("Usage", "Verbrauch", "Consommation", "従量料金"),
    "recurring_fee": ("Recurring fee", "Grundgebühr", "Abonnement", "基本料金"),
    "one_off_fee": ("One-off fee", "Einmalige Gebühr", "Frais ponctuels", "一時料金"),
    "maximum": ("Price cap", "Höchstbetrag", "Plafond", "上限調整"),
    "minimum": ("Minimum charge", "Mindestbetrag", "Minimum de facturation", "最低料金"),
    "trial": ("Free trial", "Kostenlose Testphase", "Essai gratuit", "無料試用"),
    "discount": ("Discount", "Rabatt", "Remise", "割引"),
    "commitment": ("Commitment", "Mindestabnahme", "Engagement minimum", "コミットメント"),
    "credit": ("Credit", "Guthaben", "Crédit offert", "クレジット"),
    "sum_of_lines": ("Sum of lines", "Summe der Positionen", "Total des lignes", "明細合計"),
    "net": ("Net total", "Nettobetrag", "Total HT", "税抜合計"),
    "tax_on": (
        "{tax} {rate} on {base}",
        "{tax} {rate} auf {base}",
        "{tax} {rate} sur {base}",
        "{tax} {rate}(対象額 {base})",
    ),
    "tax_in": (
        "{tax} {rate} on {base} (included in prices)",
        "{tax} {rate} auf {base} (in den Preisen enthalten)",
        "{tax} {rate} sur {base} (comprise dans les prix)",
        "{tax} {rate}(対象額 {base}、内税)",
    ),
    "total": ("Total", "Gesamtbetrag", "Total TTC", "合計"),
    "paid_credit": (
        "Prepaid credit {grant}",
        "Vorausbezahltes Guthaben {grant}",
        "Crédit prépayé {grant}",
        "前払クレジット {grant}",
    ),
    "payable": ("Amount due", "Zu zahlen", "Montant à payer", "お支払金額"),
    "in_your_favor": (
        "Amount in your favor",
        "Guthaben zu Ihren Gunsten",
        "Montant en votre faveur",
        "ご返金額",
    ),
    "inclusive": (
        "Line amounts contain the taxes marked as included.",
        "Die Beträge der Positionen enthalten die als enthalten bezeichneten Steuern.",
        "Les montants des lignes contiennent les taxes indiquées comme comprises.",
        "明細の金額には内税と記載した税が含まれます。",
    ),
    # The words of Directive 2006/112/EC, article 226 (11a), in its language versions.
    "reverse_charge": (
        "Reverse charge",
        "Steuerschuldnerschaft des Leistungsempfängers",
        "Autoliquidation",
        "リバースチャージ方式による課税(納税義務者は役務の提供を受けた事業者)",
    ),
    "exempt": ("Exempt from tax", "Steuerfrei", "Exonéré de taxe", "非課税"),
    "void_reason": ("Void: {reason}", "Storniert: {reason}", "Annulée : {reason}", "無効:{reason}"),
    "page": (
        "Page {page} of {pages}",
        "Seite {page} von {pages}",
        "Page {page} sur {pages}",
        "{page} / {pages} ページ",
    ),
}
"""By key: the words in the order of `LANGUAGES`. Kinds of lines stand under their own name."""


def label(key: str, language: str) -> str:
    """Return the words of a key; a language that is not in the table gets the first one's."""
    column = LANGUAGES.index(language) if language in LANGUAGES else 0
    return LABELS[key][column]
