using Fleet.Client;
using Fleet.Core.Actors;

namespace Fleet.Api;

/// <summary>Actors as the API shows them.</summary>
internal static class ActorViews
{
    public static ActorView ToView(this Actor actor) =>
        new() { Kind = actor.Kind.ToWord(), Name = actor.Name, Address = actor.Address };
}
