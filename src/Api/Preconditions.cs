using Fleet.Core.Rules;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Fleet.Api;

/// <summary><c>If-Match</c> and <c>If-None-Match</c> (RFC 9110): what a change expects to be stored. The verbs of Core check it in the
/// transaction of the change.</summary>
internal static class Preconditions
{
    private const string Allowed = "* or ETags in quotation marks, separated by commas";

    /// <summary>Reads what a change expects. Without a header it may create, and gets 428 when it would change something.</summary>
    /// <exception cref="InvalidRunException">A header cannot be read.</exception>
    public static Expected Read(HttpContext http) => ReadOptional(http) ?? Expected.Unsaid;

    /// <summary>As <see cref="Read"/>, for actions that an emergency needs and that lose nobody's edit, such as a pause: they may come
    /// without. Then null.</summary>
    /// <exception cref="InvalidRunException">A header cannot be read.</exception>
    public static Expected? ReadOptional(HttpContext http)
    {
        var match = http.Request.Headers.IfMatch;
        var noneMatch = http.Request.Headers.IfNoneMatch;
        if (noneMatch.Count > 0)
        {
            if (match.Count > 0)
            {
                throw new InvalidRunException(
                    RunRules.Invalid("invalid_if_none_match", "If-None-Match", noneMatch, "one of If-Match and If-None-Match"));
            }


            return noneMatch.ToString().Trim() == "*"
                ? Expected.Nothing
                : throw new InvalidRunException(RunRules.Invalid("invalid_if_none_match", "If-None-Match", noneMatch, "* in a change"));
        }

        if (match.Count == 0)
            return null;
        if (match.ToString().Trim() == "*")
            return Expected.AnyVersion;
        return EntityTagHeaderValue.TryParseStrictList([.. match.OfType<string>()], out var tags) && tags.All(tag => tag.Tag != "*")
            // A weak tag never matches. Proxies that compress answers make tags weak.
            ? Expected.OneOf(tags.Where(tag => !tag.IsWeak).Select(tag => VersionIn(tag.Tag)))
            : throw new InvalidRunException(RunRules.Invalid("invalid_if_match", "If-Match", match, Allowed));
    }

    /// <summary>Whether a GET says that it has the answer with this ETag already. A header that cannot be read says nothing.</summary>
    public static bool Has(HttpContext http, string etag)
    {
        StringValues noneMatch = http.Request.Headers.IfNoneMatch;
        if (noneMatch.Count == 0)
            return false;
        return noneMatch.ToString().Trim() == "*"
            || (EntityTagHeaderValue.TryParseList([.. noneMatch.OfType<string>()], out var tags) && tags.Any(tag => tag.Tag == etag));
    }

    /// <summary>Makes a change and answers. If something else is stored than expected, the answer is 412 with what is stored.</summary>
    /// <param name="change">Makes the change.</param>
    /// <param name="http">The request.</param>
    /// <param name="find">Finds what is stored; null when nothing is.</param>
    public static async Task<IResult> AnsweringAsync(Func<Task<IResult>> change, HttpContext http, Func<Task<Tagged?>> find)
    {
        try
        {
            return await change();
        }
        catch (UnexpectedVersionException e)
        {
            var current = await find();
            if (current is not null)
                http.Response.Headers.ETag = current.ETag;
            var problem = Problems.Details(StatusCodes.Status412PreconditionFailed, "precondition_failed", Explain(e, current));
            problem.Extensions["field"] = http.Request.Headers.IfMatch.Count > 0 ? "If-Match" : "If-None-Match";
            problem.Extensions["current"] = current?.View;
            return Problems.Show(problem);
        }
    }

    private static string Explain(UnexpectedVersionException e, Tagged? current) => current is null
        ? "If-Match: it is not there. Somebody may have deleted it."
        : e.Stored is null
            ? "If-Match: it was not there a moment ago, and is now. 'current' has what is stored."
            : $"It exists and has another version than the request expects: \"{current.Version}\". 'current' has what is stored.";

    private static string VersionIn(StringSegment tag)
    {
        var text = tag.ToString().Trim('"');
        var end = text.IndexOf(Tagged.Separator, StringComparison.Ordinal);
        return end < 0 ? text : text[..end];
    }
}
