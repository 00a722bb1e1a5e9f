using System.Text;

namespace Fleet.Core.Effects;

/// <summary>A statement with its parameters found: what stands in strings, quoted names and comments is no parameter.</summary>
public sealed class EffectText
{
    private EffectText(string sql, IReadOnlyList<string> names) => (Sql, Names) = (sql, names);

    /// <summary>The text for the database, with numbered parameters.</summary>
    public string Sql { get; }

    /// <summary>The names of the parameters, in the order of their numbers.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Reads a statement.</summary>
    /// <param name="sql">As the handler wrote it.</param>
    /// <param name="syntax">The database's.</param>
    /// <param name="hasValue">Whether there is a value of this name. Asked where <c>&lt;@name</c> may be an operator before a
    /// column.</param>
    /// <exception cref="FormatException">It cannot be an effect; the message says why.</exception>
    public static EffectText Read(string sql, EffectSyntax syntax, Func<string, bool> hasValue)
    {
        var scanner = new Scanner(sql, syntax, hasValue);
        scanner.Run();
        return new EffectText(scanner.Text, scanner.Names);
    }

    private ref struct Scanner(string sql, EffectSyntax syntax, Func<string, bool> hasValue)
    {
        private readonly StringBuilder _text = new(sql.Length);
        private readonly List<string> _names = [];
        private int _at;
        private int _copied;
        private string? _firstWord;
        private int _end = -1;

        public readonly string Text => _text.ToString();

        public readonly IReadOnlyList<string> Names => _names;

        private readonly bool IsExecute =>
            _firstWord is not null && syntax.IsTransactSql && _firstWord.StartsWith("EXEC", StringComparison.OrdinalIgnoreCase);

        public void Run()
        {
            while (_at < sql.Length)
                Step();
            if (_firstWord is null)
                throw new FormatException("is empty");
            _text.Append(sql.AsSpan(_copied, (_end < 0 ? sql.Length : _end) - _copied));
        }

        private void Step()
        {
            var c = sql[_at];
            if (char.IsWhiteSpace(c))
            {
                _at++;
                return;
            }

            if (TrySkipComment())
                return;
            if (c == ';')
            {
                TakeSemicolon();
                return;
            }

            if (_end >= 0)
                throw new FormatException("has more than one statement. Call Effect once for each");
            switch (c)
            {
                case '\'':
                    SkipQuoted('\'', hasEscapes: false);
                    break;
                case '"':
                    SkipQuoted('"', hasEscapes: false);
                    break;
                case '`' when syntax.HasBackticks:
                    SkipQuoted('`', hasEscapes: false);
                    break;
                case '[' when syntax.HasBrackets:
                    SkipQuoted(']', hasEscapes: false);
                    break;
                case '$' when syntax.IsPostgres && TrySkipDollarQuoted():
                    break;
                case '@':
                    TakeAt();
                    break;
                case var _ when IsNameStart(c):
                    TakeWord();
                    break;
                case var _ when char.IsAsciiDigit(c):
                    TakeNumber();
                    break;
                default:
                    RefuseOwnMark(c);
                    // Only parentheses may come before the first word.
                    if (_firstWord is null && c != '(')
                        throw BadFirstWord(c.ToString());
                    _at++;
                    break;
            }
        }

        /// <summary>A semicolon before the statement, as people write it before WITH, or after it.</summary>
        private void TakeSemicolon()
        {
            if (_firstWord is null)
                _copied = _at + 1;
            else if (_end < 0)
                _end = _at;
            _at++;
        }

        private bool TrySkipComment()
        {
            var rest = sql.AsSpan(_at);
            if (rest.StartsWith("--"))
            {
                var line = rest.IndexOf('\n');
                _at = line < 0 ? sql.Length : _at + line + 1;
                return true;
            }

            if (!rest.StartsWith("/*"))
                return false;
            var depth = 0;
            for (_at += 2; _at < sql.Length; _at++)
            {
                rest = sql.AsSpan(_at);
                if (rest.StartsWith("*/"))
                {
                    _at++;
                    if (depth-- > 0)
                        continue;
                    _at++;
                    return true;
                }

                if (syntax.NestsComments && rest.StartsWith("/*"))
                {
                    depth++;
                    _at++;
                }
            }

            throw new FormatException("ends inside a comment");
        }

        /// <summary>From one quote to the other; a quote that is doubled stands for itself.</summary>
        private void SkipQuoted(char close, bool hasEscapes)
        {
            // SQLite ends [name] at the first bracket.
            var doubles = close != ']' || syntax.IsTransactSql;
            for (_at++; _at < sql.Length; _at++)
            {
                if (hasEscapes && sql[_at] == '\\')
                {
                    _at++;
                    continue;
                }

                if (sql[_at] != close)
                    continue;
                if (doubles && _at + 1 < sql.Length && sql[_at + 1] == close)
                {
                    _at++;
                    continue;
                }

                _at++;
                RequireFirstWord(close.ToString());
                return;
            }

            throw new FormatException($"ends inside a quotation: its closing {close} is missing");
        }

        /// <summary><c>$$ … $$</c> or <c>$tag$ … $tag$</c>.</summary>
        private bool TrySkipDollarQuoted()
        {
            var end = _at + 1;
            if (end < sql.Length && char.IsAsciiDigit(sql[end]))
                return false;
            while (end < sql.Length && IsNamePart(sql[end]) && sql[end] != '$')
                end++;
            if (end >= sql.Length || sql[end] != '$')
                return false;
            var tag = sql.AsSpan(_at, end + 1 - _at);
            var close = sql.AsSpan(end + 1).IndexOf(tag);
            if (close < 0)
                throw new FormatException($"ends inside a quotation: its closing {tag} is missing");
            _at = end + 1 + close + tag.Length;
            RequireFirstWord("$");
            return true;
        }

        private void TakeAt()
        {
            var start = _at;
            while (_at < sql.Length && sql[_at] == '@')
                _at++;
            // An operator, or @@variable of the server.
            if (_at - start > 1)
            {
                if (syntax.IsTransactSql)
                    SkipName();
                return;
            }

            if (_at >= sql.Length || !IsNameStart(sql[_at]))
                return;
            var nameAt = _at;
            SkipParameterName();
            var name = sql[nameAt.._at];
            if (syntax.IsPostgres && start > 0 && sql[start - 1] == '<' && !hasValue(name))
                return;
            if (IsExecute && NextIs('='))
                return;
            AddParameter(name, start);
        }

        private void AddParameter(string name, int start)
        {
            RequireFirstWord("@" + name);
            var number = _names.FindIndex(n => string.Equals(n, name, StringComparison.OrdinalIgnoreCase)) + 1;
            if (number == 0)
            {
                _names.Add(name);
                number = _names.Count;
            }

            _text.Append(sql.AsSpan(_copied, start - _copied));
            // LIKE@name would become the name LIKE$1.
            if (start > 0 && IsNamePart(sql[start - 1]))
                _text.Append(' ');
            _text.Append(syntax.MarkOf(number));
            _copied = _at;
        }

        private void TakeWord()
        {
            var start = _at;
            SkipName();
            var word = sql.AsSpan(start, _at - start);
            if (_firstWord is null)
            {
                _firstWord = word.ToString();
                if (!syntax.FirstWords.Contains(_firstWord))
                    throw BadFirstWord(_firstWord);
            }

            if (syntax.RefusedWords.GetAlternateLookup<ReadOnlySpan<char>>().Contains(word))
            {
                throw new FormatException(
                    $"holds {word}, which would change the transaction or the connection that the effects of many runs share. Use "
                    + "CompleteAsync for that");
            }

            if (syntax.IsPostgres && _at < sql.Length && sql[_at] == '\'' && word is "e" or "E")
                SkipQuoted('\'', hasEscapes: true);
        }

        private void TakeNumber()
        {
            RequireFirstWord(sql[_at].ToString());
            while (_at < sql.Length && (char.IsAsciiLetterOrDigit(sql[_at]) || sql[_at] == '_'))
                _at++;
        }

        private readonly void RefuseOwnMark(char c)
        {
            if (!syntax.OwnMarks.Contains(c, StringComparison.Ordinal))
                return;
            var isMark = c == '?'
                || (_at + 1 < sql.Length && (syntax.IsPostgres ? char.IsAsciiDigit(sql[_at + 1]) : IsNamePart(sql[_at + 1])));
            if (isMark)
                throw new FormatException(
                    $"has the parameter {c}{(c == '?' ? "" : sql[_at + 1])} at position {_at + 1}. Write parameters as @name");
        }

        private void SkipName()
        {
            while (_at < sql.Length && IsNamePart(sql[_at]))
                _at++;
        }

        private void SkipParameterName()
        {
            while (_at < sql.Length && (char.IsLetterOrDigit(sql[_at]) || sql[_at] == '_'))
                _at++;
        }

        private readonly bool NextIs(char c)
        {
            var at = _at;
            while (at < sql.Length && char.IsWhiteSpace(sql[at]))
                at++;
            return at < sql.Length && sql[at] == c;
        }

        private readonly void RequireFirstWord(string instead)
        {
            if (_firstWord is null)
                throw BadFirstWord(instead);
        }

        private readonly FormatException BadFirstWord(string word) => new(
            $"begins with {word}. An effect on {syntax.Database} begins with one of "
            + string.Join(", ", syntax.FirstWords.Order(StringComparer.Ordinal)));

        private static bool IsNameStart(char c) => char.IsLetter(c) || c == '_' || c >= 0x80;

        private readonly bool IsNamePart(char c) =>
            char.IsLetterOrDigit(c) || c is '_' or '$' || c >= 0x80 || (syntax.IsTransactSql && c is '@' or '#');
    }
}
