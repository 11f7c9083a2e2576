// What the server answered, as a line for people.

function grouped(digits) {
    const first = digits.length % 3;
    const groups = digits.slice(first).match(/\d{3}/g) ?? [];
    return (
        first === 0
        ? groups
        : [digits.slice(0, first), ...groups]
    ).join(" ");
}

function number(text) {
    const [whole, fraction] = text.replace("-", "").split(".");
    const sign = (
        text.startsWith("-")
        ? "-"
        : ""
    );
    return sign + grouped(whole) + (
        fraction === undefined
        ? ""
        : "." + fraction
    );
}

function line(answer) {
    return answer.error ?? number(answer.value) + " " + answer.unit;
}

export default Object.freeze({line, number});
