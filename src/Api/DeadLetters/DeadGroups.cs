using Fleet.Api.Access;
using Fleet.Api.Contract;
using Fleet.Client;
using Fleet.Core.Access;
using Fleet.Core.DeadLetters;
using Fleet.Core.Jobs;
using Fleet.Core.Rules;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Api.DeadLetters;

/// <summary>Groups of dead letters: those with the same fingerprint.</summary>
internal static class DeadGroupsEndpoints
{
    /// <summary>How many dead letters a request discards.</summary>
    private const int MaxDiscarded = 5_000;

    private static readonly TextParameter Id = new("fingerprint", "The fingerprint of the group, such as `v1:0123456789abcdef`.")
    {
        Place = ParameterPlace.Path,
        Pattern = "^v[0-9]{1,3}:[0-9a-f]{16}$",
        MaxLength = 20,
        Example = "v1:0123456789abcdef",
    };

    private static readonly NumberParameter Limit = CommonParameters.Limit(50);

    private static readonly TextParameter Job = new("job", "Only dead letters of this job.");

    private static readonly TextParameter Lane = new("lane", "Only dead letters in this lane.");

    private static readonly FlagParameter Muted = new("muted", "Also the groups that are muted.");

    private static readonly FlagParameter Args = new(
        "args",
        "Also which args differ between the dead letters and runs of the same job that succeeded. This reads args of up to 400 runs.");

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/dead-letters/groups", ListAsync).Declare(new("listDeadGroups", "Lists the groups of dead letters with the same fault.")
        {
            Permission = Permission.View,
            Bound = BoundAnswer.Filtered,
            IsSearch = true,
            Description = "The group with the newest dead letter first, without those that are muted. The server looks at the newest "
                + "100,000 dead letters; then `scanned` says so, and counts have the relation `gte`.",
            Parameters = [Job, Lane, Muted, Limit],
            Answers = [AnswerContract.Of<DeadGroupListView>("The groups.")],
        });
        api.MapGet("/dead-letters/groups/{fingerprint}", GetAsync).Declare(new("getDeadGroup", "Shows a group of dead letters.")
        {
            Permission = Permission.View,
            Bound = BoundAnswer.Filtered,
            IsSearch = true,
            Description = "With the trend of the last 24 hours, the versions of the program, samples, and with `args` what its args have "
                + "in common. The server looks at its newest 10,000 dead letters.",
            Parameters = [Id, Args],
            Answers = [AnswerContract.Of<DeadGroupDetailView>("The group.")],
            Problems = ["not_found"],
        });
        api.MapPost("/dead-letters/groups/{fingerprint}/discard", DiscardAsync).Declare(new(
            "discardDeadGroup", "Discards the dead letters of a group.")
        {
            Permission = Permission.Operate,
            Bound = BoundAnswer.Filtered,
            Description = "The oldest first, at most 5,000 with one request; `more` says whether there are others. The runs stay failed, "
                + "with their history, and are no dead letters any more.",
            Parameters = [Id, CommonParameters.DryRun],
            Body = BodyContract.Of<DiscardBody>("""{"reason":"the customer has closed the account"}""", CheckReasonAsync),
            Answers = [AnswerContract.Of<DiscardedView>("How many were discarded.")],
            Problems = ["not_found", "missing_field"],
        });
        api.MapPost("/dead-letters/groups/{fingerprint}/mute", MuteAsync).Declare(new("muteDeadGroup", "Mutes a group of dead letters.")
        {
            Permission = Permission.Operate,
            Description = "It is left out of the lists until the mute ends: at a time, or when a version of the program meets it that has "
                + "not met it yet. A group that is muted already is muted anew.",
            Parameters = [Id, CommonParameters.DryRun],
            Body = BodyContract.Of<MuteBody>("""{"untilNewVersion":true,"reason":"mended in the next version"}""", CheckMuteAsync),
            Answers = [AnswerContract.Of<MuteView>("The mute.")],
            Problems = ["not_found", "missing_field", "invalid_instant", "too_many_mutes"],
        });
        api.MapPost("/dead-letters/groups/{fingerprint}/unmute", UnmuteAsync).Declare(new("unmuteDeadGroup", "Ends the mute of a group.")
        {
            Permission = Permission.Operate,
            Parameters = [Id, CommonParameters.DryRun],
            Body = BodyContract.Optional<EmptyBody>("{}"),
            Answers = [AnswerContract.Empty("It is not muted any more.")],
            Problems = ["not_found"],
        });
    }

    /// <summary>Refuses a reason that is missing.</summary>
    public static ValueTask CheckReasonAsync(HttpContext http, DiscardBody body, InputErrors errors)
    {
        if (string.IsNullOrWhiteSpace(body.Reason))
        {
            errors.Add(new InputError(
                "missing_field", "reason", "reason: it is missing; it says why nobody needs these runs.", null, "a sentence"));
        }

        return ValueTask.CompletedTask;
    }

    private static async Task<IResult> ListAsync(HttpContext http, GetGroups get, CancellationToken ct)
    {
        var lanes = LanesOf(http, Lane.Find(http));
        var list = await get.ListAsync(new GroupFilter(lanes, Job.Find(http)), ct);
        var shown = (Muted.Of(http) ? list.Groups : list.Groups.Where(g => g.Mute is null)).Take(Limit.Of(http)).ToList();
        var newest = await get.SamplesAsync(shown, lanes, ct);
        return Results.Json(
            new DeadGroupListView
            {
                Items = [.. shown.Select(g => g.ToView(newest.GetValueOrDefault(g.Fingerprint)))],
                Muted = Muted.Of(http) ? 0 : list.Groups.Count(g => g.Mute is not null),
                Scanned = new ScannedView { BackTo = list.BackTo, Rows = list.Rows, Complete = list.IsComplete },
            },
            FleetJson.Payload);
    }

    private static async Task<IResult> GetAsync(
        string fingerprint, HttpContext http, GetGroups get, SampleArgs samples, SecretArgs secrets, CancellationToken ct)
    {
        var lanes = LanesOf(http, null);
        if (await get.FindAsync(fingerprint, lanes, ct) is not { } group)
            return NotFound(fingerprint);
        if (!Args.Of(http))
            return Results.Json(group.ToView(args: null), FleetJson.Payload);
        var sample = await samples.FindAsync(fingerprint, group.Group.Jobs[0].Job, lanes, ct);
        var members = await secrets.FindAsync(sample.Job, ct);
        var redacted = sample with
        {
            Failed = [.. sample.Failed.Select(members.Redact)],
            Succeeded = [.. sample.Succeeded.Select(members.Redact)],
        };
        return Results.Json(group.ToView(DeadGroupViews.Compare(redacted)), FleetJson.Payload);
    }

    private static async Task<IResult> DiscardAsync(
        string fingerprint, HttpContext http, DiscardRuns discard, GetGroups get, CancellationToken ct)
    {
        var reason = await ReadReasonAsync(http, ct);
        var lanes = LanesOf(http, null);
        var (discarded, more) = await discard.ExecuteAsync(
            fingerprint, lanes, reason, Caller.Of(http), MaxDiscarded, CommonParameters.DryRun.Of(http), ct);
        return discarded > 0 || await get.FindAsync(fingerprint, lanes, ct) is not null
            ? Results.Json(new DiscardedView { Discarded = discarded, More = more }, FleetJson.Payload)
            : NotFound(fingerprint);
    }

    private static async Task<IResult> MuteAsync(string fingerprint, HttpContext http, MuteGroups mutes, CancellationToken ct)
    {
        var body = await RequestBody.ReadAsync<MuteBody>(http, ct);
        var errors = new InputErrors();
        var request = ReadMute(http, body, errors);
        errors.ThrowIfAny();
        return await mutes.MuteAsync(
            fingerprint, request, Caller.Of(http), CommonParameters.DryRun.Of(http), CancellationToken.None) is { } mute
            ? Results.Json(mute.ToView(), FleetJson.Payload)
            : NotFound(fingerprint);
    }

    private static async Task<IResult> UnmuteAsync(string fingerprint, HttpContext http, MuteGroups mutes, CancellationToken ct)
    {
        await RequestBody.ReadAsync<EmptyBody>(http, ct);
        return await mutes.UnmuteAsync(fingerprint, Caller.Of(http), CommonParameters.DryRun.Of(http), CancellationToken.None)
            ? Results.NoContent()
            : Problems.NotFound("muted group", fingerprint);
    }

    /// <summary>Reads the reason of a discard.</summary>
    public static async Task<string> ReadReasonAsync(HttpContext http, CancellationToken ct)
    {
        var body = await RequestBody.ReadAsync<DiscardBody>(http, ct);
        var errors = new InputErrors();
        await CheckReasonAsync(http, body, errors);
        errors.ThrowIfAny();
        return body.Reason!;
    }

    private static ValueTask CheckMuteAsync(HttpContext http, MuteBody body, InputErrors errors)
    {
        ReadMute(http, body, errors);
        return ValueTask.CompletedTask;
    }

    private static MuteRequest ReadMute(HttpContext http, MuteBody body, InputErrors errors)
    {
        var now = http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();
        var wrong = RunRules.TryReadInstant(body.Until, "until", out var until);
        errors.Add(wrong);
        var reason = body.Reason is { } text ? StoredText.Cut(text, Auditing.MaxReason) : null;
        var request = new MuteRequest(until, body.UntilNewVersion ?? false, reason);
        if (wrong is null)
            MuteGroups.Check(request, now, errors);
        return request;
    }

    /// <summary>The lanes that the caller may see; those of the filter if there is one. Null: all.</summary>
    private static IReadOnlyList<string>? LanesOf(HttpContext http, string? lane) => Admission.PrincipalOf(http).Lanes switch
    {
        null => lane is null ? null : [lane],
        var theirs => lane is null ? theirs : [.. theirs.Where(l => l == lane)],
    };

    private static IResult NotFound(string fingerprint) => Problems.NotFound("group of dead letters", fingerprint);
}
