using System.Text.Json.Nodes;
using Fleet.Core.Actors;
using Fleet.Core.Rules;
using Microsoft.AspNetCore.Http;

namespace Fleet.Api.Contract;

/// <summary>A header that names who sends the request. Every endpoint that changes something takes it.</summary>
internal sealed record ActorNameParameter(string Name, string Description) : Parameter(Name, Description)
{
    public override JsonObject MakeSchema() => new() { ["type"] = "string", ["maxLength"] = Actor.MaxName };

    public override InputError? Check(HttpContext http)
    {
        var given = http.Request.Headers[Name];
        return given.Count > 1 ? Refuse(given.ToString()) : base.Check(http);
    }

    public override InputError? Check(string text) =>
        text.Trim() is { Length: > 0 } name && !Actor.TryCreate(ActorKind.Person, name, null, out _) ? Refuse(name) : null;

    private InputError Refuse(string name) => RunRules.Invalid(Code, Name, name, $"up to {Actor.MaxName} printable characters");
}
