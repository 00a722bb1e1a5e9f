using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Fleet.Api.Contract;

/// <summary><c>If-Match</c> or <c>If-None-Match</c>, which <see cref="Preconditions"/> reads.</summary>
internal sealed record PreconditionParameter(string Name, string Description) : Parameter(Name, Description)
{
    /// <summary>True for the one of the two that checks both.</summary>
    public bool ChecksBoth { get; init; }

    /// <summary>True for the one of a read, which refuses nothing: without a match the caller gets the answer.</summary>
    public bool IsRead { get; init; }

    public override IEnumerable<string> Codes => IsRead ? [] : [.. base.Codes, "precondition_failed"];

    public override JsonObject MakeSchema() => new() { ["type"] = "string" };

    public override InputError? Check(string text) => null;

    public override InputError? Check(HttpContext http)
    {
        try
        {
            if (ChecksBoth)
                Preconditions.ReadOptional(http);
            return null;
        }
        catch (InvalidRunException e)
        {
            return e.Error;
        }
    }
}
