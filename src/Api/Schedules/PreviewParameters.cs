using Fleet.Api.Contract;
using Fleet.Core.Schedules.Preview;
using Microsoft.AspNetCore.Http;

namespace Fleet.Api.Schedules;

/// <summary>The range of a preview, as parameters.</summary>
internal static class PreviewParameters
{
    public static readonly InstantParameter From = new("from", "Fire times after this instant. Left out: now.")
    {
        Earliest = DateTimeOffset.MinValue,
    };

    public static readonly InstantParameter Until =
        new("until", "Fire times up to this instant, at most 366 days after `from`. Left out: a week after `from`.")
        {
            Earliest = DateTimeOffset.MinValue,
        };

    /// <exception cref="InvalidRunException">The range is not allowed.</exception>
    public static PreviewRange Read(HttpContext http, DateTimeOffset now) => PreviewRange.Of(From.Find(http), Until.Find(http), now);
}
