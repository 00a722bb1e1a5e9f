using System.Text;

namespace Fleet.Core.Text;

/// <summary>Where a field stands, as a JSON pointer (RFC 6901).</summary>
public static class JsonPointer
{
    /// <summary>A member's name as a step of a pointer.</summary>
    public static string Step(string name) =>
        "/" + name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    /// <summary>The pointer of a field such as <c>runs[3].args.ms</c>: <c>/runs/3/args/ms</c>. The body as a whole is the empty
    /// pointer.</summary>
    public static string Of(string field)
    {
        if (field == "body")
            return "";
        var pointer = new StringBuilder("/", field.Length + 1);
        for (var i = 0; i < field.Length; i++)
        {
            switch (field[i])
            {
                case '.':
                    pointer.Append('/');
                    break;
                case '[' when field.IndexOf(']', i) is > 0 and var end && int.TryParse(field.AsSpan(i + 1, end - i - 1), out var index):
                    pointer.Append('/').Append(index);
                    i = end;
                    break;
                case '~':
                    pointer.Append("~0");
                    break;
                case '/':
                    pointer.Append("~1");
                    break;
                default:
                    pointer.Append(field[i]);
                    break;
            }
        }

        return pointer.ToString();
    }
}
